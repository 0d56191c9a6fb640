"""What an asynchronous stream is fed with, and how it is waited for."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from typing import Any, Generic, TypeAlias, TypeVar

from guillemet.v1 import quotation_pb2 as pb

_Element = TypeVar("_Element")

# If a server ends a stream while it is written to, grpc.aio loses the status (grpc/grpc#36066). The next call then listens
# before it speaks: the status of a server that still refuses comes while nothing is written.
PAUSE_SECONDS = 0.1

Requests: TypeAlias = asyncio.Queue[pb.StreamExtractQuotationsRequest | None]  # None: no more


async def each(texts: Iterable[str] | AsyncIterable[str]) -> AsyncGenerator[str]:
    """Yield the texts of either kind of iterable."""
    if isinstance(texts, AsyncIterable):
        async for text in texts:
            yield text
    else:
        for text in texts:
            yield text


async def until_none(requests: Requests, pause_seconds: float) -> AsyncGenerator[pb.StreamExtractQuotationsRequest]:
    """Yield the requests of one call, the first two not before a pause each."""
    n_sent = 0
    while (request := await requests.get()) is not None:
        # A server that refuses the caller does so at once, one that refuses the options once it has them.
        if pause_seconds and n_sent < 2:
            await asyncio.sleep(pause_seconds)
        yield request
        n_sent += 1


class Upcoming(Generic[_Element]):
    """What a source gives next, awaited in a task that goes on while something else comes first.

    Args:
        read: Begins to wait for it.
    """

    def __init__(self, read: Callable[[], Awaitable[_Element]]) -> None:
        self._read = read
        self._task: asyncio.Task[_Element] | None = None

    def task(self) -> asyncio.Task[_Element]:
        """Return the task, begun now unless it goes on."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._awaited())
        return self._task

    @property
    def is_there(self) -> bool:
        """Whether it came, or failed to."""
        return self._task is not None and self._task.done()

    def take(self) -> _Element:
        """Return what is there, or raise what it failed with."""
        task, self._task = self.task(), None
        return task.result()

    async def end(self) -> None:
        """Wait no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _awaited(self) -> _Element:
        return await self._read()


async def first_of(awaited: Iterable[Upcoming[Any]]) -> None:
    """Return when one of them is there."""
    await asyncio.wait([each.task() for each in awaited], return_when=asyncio.FIRST_COMPLETED)
