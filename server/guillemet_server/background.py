"""A server beside other code of the same process: in its own thread, with its own event loop."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from structlog.typing import FilteringBoundLogger

from guillemet_models.extractor import Extractor
from guillemet_server.config import ServerConfig
from guillemet_server.loops import new_event_loop
from guillemet_server.serving import Server

if TYPE_CHECKING:  # an extra
    from guillemet_server.observability.tracing import Tracing


class BackgroundServer:
    """A server that runs in another thread."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
        """Hold what its thread made.

        Args:
            server: Ready.
            loop: Its thread's.
            stopping: Set in its thread, it stops the server.
        """
        self.server = server
        self.address = server.address
        self._loop = loop
        self._stopping = stopping

    def stop(self) -> None:
        """Begin to stop; the context manager waits for the end."""
        # A loop that is closed has nothing left to stop.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopping.set)


@contextmanager
def background_server(
    config: ServerConfig,
    *,
    log: FilteringBoundLogger,
    load: Callable[[], Extractor] | None = None,
    tracing: "Tracing | None" = None,
) -> Iterator[BackgroundServer]:
    """Run a server until the block ends; it is ready when the block begins.

    Args:
        config: Where and what.
        log: Lines without texts.
        load: Returns the extractor. None: that of the configuration.
        tracing: Closed with the server. None: nothing is traced.

    Raises:
        StartError: It cannot start.
    """
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()
    started: Future[BackgroundServer] = Future()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_without_poller_noise)
        begun.set_result((loop, cast("asyncio.Task[None]", asyncio.current_task())))
        server = Server(config, log=log, load=load, tracing=tracing)
        stopping = asyncio.Event()
        try:
            await server.start()
            await server.load()
            started.set_result(BackgroundServer(server, loop, stopping))
            await stopping.wait()
        finally:
            await server.stop()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    # A daemon: a process that ends without leaving the block is not held up.
    thread = threading.Thread(target=run, name="guillemet-server", daemon=True)
    try:
        thread.start()  # within, for it waits as well: an interrupt may come before it returns
        yield started.result()
    finally:
        if not started.done():  # interrupted while the model is loaded
            loop, serving = begun.result()
            loop.call_soon_threadsafe(serving.cancel)
        elif started.exception() is None:
            started.result().stop()
        thread.join()


def _without_poller_noise(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what went wrong in the loop, but for the harmless race of two loops that share gRPC's one poller."""
    # grpc.aio wakes every loop for an event that only one of them can take (grpc/grpc#25364).
    if not isinstance(context.get("exception"), BlockingIOError):
        loop.default_exception_handler(context)
