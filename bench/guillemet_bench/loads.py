"""Load: so many requests at a time, or so many a second whatever becomes of them."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import cycle, islice

from guillemet.v1 import quotation_pb2 as pb
from guillemet_bench.calls import Caller, Request
from guillemet_bench.measuring import Tally

# Of a saturating batch request; two are sent at a time, so that the server has the next one when it answers the first.
BATCH_DOCUMENTS = 32
_BATCHES_AT_A_TIME = 2


async def closed(
    caller: Caller, requests: Iterable[Request], *, in_flight: int, deadline_seconds: float | None = None
) -> Tally:
    """Send each request once, so many at a time: the next when one is answered.

    Args:
        caller: Sends.
        requests: All.
        in_flight: At a time.
        deadline_seconds: Of each. None: for ever.
    """
    tally = Tally()
    left = iter(requests)

    async def ask() -> None:
        for request in left:
            await caller.ask(request, tally, deadline_seconds=deadline_seconds)

    began = time.monotonic()
    await asyncio.gather(*(ask() for _ in range(in_flight)))
    tally.seconds = time.monotonic() - began
    return tally


def for_seconds(requests: Sequence[Request], seconds: float) -> Iterator[Request]:
    """Yield requests, over and over, until that time is over."""
    end = time.monotonic() + seconds
    for request in cycle(requests):
        if time.monotonic() >= end:
            return
        yield request


async def batches(caller: Caller, requests: Sequence[Request]) -> Tally:
    """Send each request once, in batches."""
    tally = Tally()
    parts = [requests[start : start + BATCH_DOCUMENTS] for start in range(0, len(requests), BATCH_DOCUMENTS)]
    left = iter(parts)

    async def ask() -> None:
        for part in left:
            began = time.monotonic()
            response = await caller.batch(part)
            tally.answered.add(time.monotonic() - began)
            tally.words += sum(
                request.words for request, item in zip(part, response.items, strict=True) if item.HasField("result")
            )

    began = time.monotonic()
    await asyncio.gather(*(ask() for _ in range(_BATCHES_AT_A_TIME)))
    tally.seconds = time.monotonic() - began
    return tally


async def stream(caller: Caller, requests: Iterable[Request]) -> Tally:
    """Send each request once, over one stream."""
    tally = Tally()
    sent: dict[str, tuple[Request, float]] = {}

    def texts() -> Iterator[str]:
        for number, request in enumerate(requests):
            sent[str(number)] = (request, time.monotonic())
            yield request.text

    began = time.monotonic()
    async for response in caller.stream(texts()):
        request, asked = sent.pop(response.document_id)
        if response.HasField("result"):
            tally.answered.add(time.monotonic() - asked)
            tally.words += request.words
        else:
            tally.others[str(response.error.code)] += 1
    tally.seconds = time.monotonic() - began
    return tally


async def poisson(
    requests: Sequence[Request], *, per_second: float, seconds: float, seed: int
) -> AsyncIterator[tuple[Request, float]]:
    """Yield requests at the times of a Poisson process, each with its time by the monotonic clock.

    Args:
        requests: Used over and over.
        per_second: Requests, on average.
        seconds: Until the last.
        seed: Of the times.
    """
    chance = random.Random(seed)
    began = due = time.monotonic()
    for request in cycle(requests):
        due += chance.expovariate(per_second)
        if due - began >= seconds:
            return
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield request, due


async def open_loop(
    caller: Caller, requests: Sequence[Request], *, per_second: float, seconds: float, warm_up_seconds: float, seed: int
) -> Tally:
    """Send requests at the times of a Poisson process, whatever became of those before; latency counts from these times.

    Args:
        caller: Sends.
        requests: Used over and over.
        per_second: Requests, on average.
        seconds: That count, by the time at which a request was to be sent.
        warm_up_seconds: Before them, which do not count.
        seed: Of the times.
    """
    tally, ignored = Tally(), Tally()
    began = time.monotonic()
    tasks: set[asyncio.Task[None]] = set()
    answered_words = 0

    async def ask(request: Request, intended: float, counts: Tally) -> None:
        nonlocal answered_words
        answer = await caller.ask(request, counts, intended=intended)
        if answer is None:
            return
        # Goodput is what comes out while the clock runs, whenever it went in.
        if 0 <= time.monotonic() - began - warm_up_seconds < seconds:
            answered_words += request.words
        stats = pb.ExtractQuotationsResponse.FromString(answer).result.stats
        counts.queued.add(stats.queue_time.ToMicroseconds() / 1e6)

    async for request, due in poisson(requests, per_second=per_second, seconds=warm_up_seconds + seconds, seed=seed):
        counts = tally if due - began >= warm_up_seconds else ignored
        task = asyncio.create_task(ask(request, due, counts))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    tally.words, tally.seconds = answered_words, seconds
    return tally


def first(requests: Sequence[Request], number: int) -> list[Request]:
    """Return that many requests, over again if there are fewer."""
    return list(islice(cycle(requests), number))
