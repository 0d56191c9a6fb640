"""What happens to others while one caller behaves badly, and to a server that is stopped at the worst time."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle

import grpc

from guillemet.v1 import quotation_pb2 as pb
from guillemet_bench.calls import Caller, Request
from guillemet_bench.loads import closed, first, for_seconds, open_loop
from guillemet_bench.measuring import Tally
from guillemet_bench.servers import ServerProcess

_HUGE_CHARACTERS = 200_000
_FOR_EVER = 1e9
_IN_FLIGHT = 32
_CANCELLED_SHARE = 0.3
_STORM_TIMEOUT_SECONDS = 0.005
_DRAIN_SECONDS = 60.0


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
class Cancellations:
    """What became of a server a third of whose callers went away."""

    answered: int
    cancelled: int
    failed: int
    wrong: int  # answers that differ from those of an undisturbed server
    rss_bytes_early: int  # at a fifth of the time
    rss_bytes_late: int


async def cancellations(server: ServerProcess, requests: Sequence[Request], *, seconds: float, seed: int) -> Cancellations:
    """Cancel 30 % of the requests at a random moment of their life, and compare the other answers with undisturbed ones."""
    chance = random.Random(seed)
    counts = dict.fromkeys(("answered", "cancelled", "failed", "wrong"), 0)
    async with Caller(server.address) as caller:
        expected = {request.text: _content(await caller.start(request)) for request in requests}
        alone = Tally()
        for request in requests[:4]:
            await caller.ask(request, alone)
        life = (alone.answered.percentile_ms(50) or 0.0) / 1000 * _IN_FLIGHT
        early = server.rss_bytes
        began = time.monotonic()
        left = for_seconds(requests, seconds)

        async def ask() -> None:
            nonlocal early
            for request in left:
                if time.monotonic() - began < seconds / 5:
                    early = max(early, server.rss_bytes)
                call = caller.start(request)
                if chance.random() < _CANCELLED_SHARE:
                    await asyncio.sleep(chance.random() * life)
                    counts["cancelled" if call.cancel() else "answered"] += 1
                    continue
                try:
                    counts["wrong"] += _content(await call) != expected[request.text]
                    counts["answered"] += 1
                except grpc.aio.AioRpcError:
                    counts["failed"] += 1

        await asyncio.gather(*(ask() for _ in range(_IN_FLIGHT)))
        return Cancellations(**counts, rss_bytes_early=early, rss_bytes_late=server.rss_bytes)


@dataclass(frozen=True, slots=True)
class Storm:
    """What a server did for callers whose deadline was over before it could answer."""

    requests: int
    answered: int
    cpu_share: float  # of the CPU time that reading all of them takes
    ms_until_next_answer: float  # of a patient caller behind them


async def deadline_storm(server: ServerProcess, requests: Sequence[Request], *, number: int) -> Storm:
    """Send requests all at once, each with 5 ms to live."""
    async with Caller(server.address) as caller:
        before = server.cpu_seconds
        await closed(caller, requests, in_flight=_IN_FLIGHT)
        whole = (server.cpu_seconds - before) / len(requests) * number
        tally = Tally()
        before = server.cpu_seconds
        await asyncio.gather(
            *(caller.ask(request, tally, deadline_seconds=_STORM_TIMEOUT_SECONDS) for request in first(requests, number))
        )
        patient = Tally()
        await caller.ask(requests[0], patient)
        spent = server.cpu_seconds - before
    return Storm(number, len(tally.answered), spent / whole, patient.answered.percentile_ms(100) or float("inf"))


@dataclass(frozen=True, slots=True)
class Drain:
    """What became of the requests that a server had accepted when it was told to stop."""

    accepted: int
    lost: int
    seconds: float  # from the signal to the end of the process
    exit_status: int | None  # None: it did not end


async def drain(server: ServerProcess, requests: Sequence[Request]) -> Drain:
    """Stop a server under load."""
    async with Caller(server.address) as caller:
        tally = Tally()
        calls = [asyncio.create_task(caller.ask(request, tally)) for request in first(requests, _IN_FLIGHT)]
        # When one is answered, the others wait or are read.
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        began = time.monotonic()
        server.terminate()
        await asyncio.gather(*calls)
        status = await asyncio.to_thread(server.wait, _DRAIN_SECONDS)
    return Drain(len(calls), len(calls) - len(tally.answered), time.monotonic() - began, status)


def _content(answer: bytes) -> tuple[list[str], list[str]]:
    """Return what an answer says, without what it cost."""
    result = pb.ExtractQuotationsResponse.FromString(answer).result
    return [str(quotation) for quotation in result.quotations], [str(entity) for entity in result.entities]
