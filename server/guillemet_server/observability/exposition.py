"""The port on which Prometheus reads the metrics."""

import asyncio
import contextlib

from prometheus_client import start_http_server

from guillemet_server.config import host_and_port
from guillemet_server.observability.metrics import Metrics

_LAG_EVERY_SECONDS = 0.25


class Exposition:
    """Metrics over HTTP, from a thread of its own: it answers even while the event loop is late, which it also measures."""

    def __init__(self, listen: str, metrics: Metrics) -> None:
        """Listen; within the event loop that is measured.

        Args:
            listen: HOST:PORT.
            metrics: To show.

        Raises:
            OSError: The address is in use or cannot be had.
        """
        host, port = host_and_port(listen)
        self._http, self._thread = start_http_server(port, addr=host, registry=metrics.registry)
        self.address = f"{listen.rpartition(':')[0]}:{self._http.server_port}"
        self._lag = asyncio.get_running_loop().create_task(_measure_lag(metrics))

    async def close(self) -> None:
        """Show and measure nothing more."""
        self._lag.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._lag
        await asyncio.to_thread(self._http.shutdown)
        self._http.server_close()
        self._thread.join()


async def _measure_lag(metrics: Metrics) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_EVERY_SECONDS
        await asyncio.sleep(_LAG_EVERY_SECONDS)
        metrics.loop_lag_seconds.observe(max(0.0, loop.time() - due))
