"""The memory of a server over time."""

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from guillemet_bench.servers import ServerProcess

_LONGEST_BETWEEN_LOOKS_SECONDS = 1.0
_LEAST_LOOKS = 100
_WINDOW = 0.05  # of the time: one look may meet a long text in work


class Memory:
    """RSS, in bytes, looked at over and over."""

    def __init__(self) -> None:
        self.looks: list[int] = []

    def at(self, share: float) -> int:
        """Return what it was when that share of the time was over: the median of the twentieth of the time before."""
        end = max(1, round(share * len(self.looks)))
        begin = min(end - 1, round(max(0.0, share - _WINDOW) * len(self.looks)))
        return round(statistics.median(self.looks[begin:end]))


@asynccontextmanager
async def watched(server: ServerProcess, seconds: float) -> AsyncIterator[Memory]:
    """Look at a server's memory while the block lasts.

    Args:
        server: Runs.
        seconds: That the block will take.

    Raises:
        RuntimeError: The server ended meanwhile; the block is left at once.
    """
    memory = Memory()
    between = min(_LONGEST_BETWEEN_LOOKS_SECONDS, seconds / _LEAST_LOOKS)

    async def look() -> None:
        while True:
            server.check_running()
            memory.looks.append(server.rss_bytes)
            await asyncio.sleep(between)

    try:
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(look())
            yield memory
            memory.looks.append(server.rss_bytes)
            looking.cancel()
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
