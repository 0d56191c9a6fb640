"""What happens to others while one caller behaves badly, and to a server that is stopped at the worst time."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle

from guillemet_bench.accounts import Metrics
from guillemet_bench.calls import Caller, Request
from guillemet_bench.loads import first, open_loop
from guillemet_bench.measuring import Tally
from guillemet_bench.servers import ServerProcess

_HUGE_CHARACTERS = 200_000
_FOR_EVER = 1e9
_IN_FLIGHT = 32
_DRAIN_SECONDS = 60.0
_BETWEEN_LOOKS_SECONDS = 0.01


@asynccontextmanager
async def _meanwhile(work: Coroutine[None, None, None], begun: asyncio.Event) -> AsyncIterator[None]:
    """Do some work while the block lasts, which begins when the work has."""
    task = asyncio.create_task(work)
    waiting = asyncio.create_task(begun.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        waiting.cancel()
        task.cancel()
        # A load that failed was none: that is raised here.
        with suppress(asyncio.CancelledError):
            await task


def half_load(address: str, requests: Sequence[Request], *, per_second: float) -> AbstractAsyncContextManager[None]:
    """Send so many requests a second."""
    begun = asyncio.Event()

    async def load() -> None:
        async with Caller(address) as caller:
            begun.set()
            await open_loop(caller, requests, per_second=per_second, seconds=_FOR_EVER, warm_up_seconds=0.0, seed=0)

    return _meanwhile(load(), begun)


def full_stream(address: str, requests: Sequence[Request], *, answer_seconds: float = 0.0) -> AbstractAsyncContextManager[None]:
    """Keep a stream full.

    Args:
        address: Of the server.
        requests: Over and over.
        answer_seconds: That the caller takes to read each answer.
    """
    begun = asyncio.Event()

    async def load() -> None:
        async with Caller(address) as caller:
            async for _ in caller.stream(request.text for request in cycle(requests)):
                begun.set()
                await asyncio.sleep(answer_seconds)

    return _meanwhile(load(), begun)


def huge_documents(address: str, requests: Sequence[Request]) -> AbstractAsyncContextManager[None]:
    """Have one text of 200,000 characters read after the other."""
    texts = first(requests, 1 + _HUGE_CHARACTERS // 1_000)
    huge = Request.of("\n\n".join(request.text for request in texts)[:_HUGE_CHARACTERS])
    begun = asyncio.Event()

    async def load() -> None:
        async with Caller(address) as caller:
            begun.set()
            while True:
                await caller.start(huge)

    return _meanwhile(load(), begun)


@dataclass(frozen=True, slots=True)
class Drain:
    """What became of the requests that a server had accepted when it was told to stop."""

    accepted: int
    lost: int
    seconds: float  # from the signal to the end of the process
    exit_status: int | None  # None: it did not end


async def drain(server: ServerProcess, requests: Sequence[Request]) -> Drain:
    """Stop a server under load."""
    before = await asyncio.to_thread(_received, server)
    async with Caller(server.address) as caller:
        tally = Tally()
        calls = [asyncio.create_task(caller.ask(request, tally)) for request in first(requests, _IN_FLIGHT)]
        # What is on its way when it stops is not accepted.
        await _until_received(server, before + len(calls))
        began = time.monotonic()
        server.terminate()
        await asyncio.gather(*calls)
        status = await asyncio.to_thread(server.wait, _DRAIN_SECONDS)
    return Drain(len(calls), len(calls) - len(tally.answered), time.monotonic() - began, status)


def _received(server: ServerProcess) -> int:
    """Return how many RPCs a server answered or has in work."""
    metrics = Metrics(server.metrics_address)
    return metrics.total("guillemet_rpcs_total") + metrics.total("guillemet_rpcs_in_flight")


async def _until_received(server: ServerProcess, number: int) -> None:
    """Return when it received so many."""
    while True:
        if await asyncio.to_thread(_received, server) >= number:
            return
        await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
