"""A server in the foreground: until SIGTERM or SIGINT."""

import asyncio
import gc
import signal
import sys
from dataclasses import asdict

from structlog.typing import FilteringBoundLogger

from guillemet_server import __version__
from guillemet_server.config import ServerConfig
from guillemet_server.observability.exporting import tracing_from_environment
from guillemet_server.serving import Server

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# After so long a thread that decodes lets the event loop go on, which may have to turn a caller away. Python's own: 5 ms.
_SWITCH_SECONDS = 0.0001


async def run(config: ServerConfig, log: FilteringBoundLogger) -> None:
    """Serve until a signal says stop, then drain.

    Args:
        config: Where and what.
        log: For what is served, and how it ends.

    Raises:
        StartError: It cannot start.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopping.set()
        for number in _SIGNALS:  # a second one ends the process at once, whatever its threads do
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)  # of SIGINT Python would make an exception, which waits for them

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    server = Server(config, log=log, tracing=tracing_from_environment(log))
    await server.start()
    try:
        await _load(server, stopping)
        if not stopping.is_set():
            _spare_the_loop()
            description = asdict(server.inference.description)
            limits = asdict(server.limits)
            addresses = {"address": server.address, "metrics_address": server.metrics_address or None}
            security = {"tls": config.tls is not None, "tokens": config.tokens is not None}
            log.info("serving", **addresses, **security, **description, **limits, server_version=__version__)
        await stopping.wait()
        log.info("draining", drain_seconds=config.drain_seconds)
    finally:
        await server.stop()
    log.info("stopped")


async def _load(server: Server, stopping: asyncio.Event) -> None:
    """Load the model, unless the server is told to stop before that is done."""
    loading = asyncio.ensure_future(server.load())
    stop = asyncio.ensure_future(stopping.wait())
    await asyncio.wait({loading, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if loading.done():
        loading.result()
    else:
        loading.cancel()


def _spare_the_loop() -> None:
    """Keep short what the event loop has to wait for in this process, now that all is loaded that stays."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
