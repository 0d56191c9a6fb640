"""What an asynchronous stream is fed with."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import TypeAlias

from guillemet.v1 import quotation_pb2 as pb

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
