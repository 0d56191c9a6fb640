"""Callers who go away before they are answered, and callers who come too late."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from guillemet_bench.accounts import Account, Metrics, settled
from guillemet_bench.answers import Answers
from guillemet_bench.calls import Caller, Request
from guillemet_bench.loads import closed, first, for_seconds
from guillemet_bench.measuring import Tally
from guillemet_bench.memory import watched
from guillemet_bench.outcomes import Outcomes, ask
from guillemet_bench.servers import ServerProcess

EARLY = 0.2  # of the time: when memory has to have been taken that is taken for good
_IN_FLIGHT = 32
_CANCELLED_SHARE = 0.3
_STORM_TIMEOUT_SECONDS = 0.005
# More at a time keep their sender so busy that their deadlines pass before they are sent.
_STORM_IN_FLIGHT = 8


@dataclass(frozen=True, slots=True)
class Cancellations:
    """What became of a server a third of whose callers went away."""

    outcomes: Outcomes
    account: Account
    rss_bytes_early: int  # at a fifth of the time
    rss_bytes_late: int  # at the end, or when all was over if that is more


async def cancellations(
    server: ServerProcess, requests: Sequence[Request], answers: Answers, *, seconds: float, seed: int
) -> Cancellations:
    """Saturate a server, cancel 30 % of the requests at a random moment of their life, and look at the other answers.

    Args:
        server: Nobody else asks it.
        requests: Over and over.
        answers: To them.
        seconds: That it takes.
        seed: Of chance.

    Raises:
        RuntimeError: The server ended.
    """
    chance = random.Random(seed)
    outcomes = Outcomes()
    async with Caller(server.address) as caller:
        saturated = await closed(caller, first(requests, 2 * _IN_FLIGHT), in_flight=_IN_FLIGHT)
        life = (saturated.answered.percentile_ms(50) or 0.0) / 1000
        before = await asyncio.to_thread(Metrics, server.metrics_address)
        left = for_seconds(requests, seconds)

        async def ask_on() -> None:
            for request in left:
                leaves = chance.random() < _CANCELLED_SHARE
                patience = chance.random() * life if leaves else None
                await ask(caller, request, answers, outcomes, patience_seconds=patience)

        async with watched(server, seconds) as memory:
            await asyncio.gather(*(ask_on() for _ in range(_IN_FLIGHT)))
    account = await settled(server.metrics_address, before)
    return Cancellations(outcomes, account, memory.at(EARLY), max(memory.at(1.0), server.rss_bytes))


@dataclass(frozen=True, slots=True)
class Storm:
    """What a server did for callers whose deadline was over before it could answer."""

    requests: int
    answered: int
    account: Account
    cpu_share: float  # of the CPU time that reading all of them takes
    ms_until_next_answer: float  # of a patient caller behind them


async def deadline_storm(server: ServerProcess, requests: Sequence[Request], *, number: int) -> Storm:
    """Send requests, each with 5 ms to live.

    Raises:
        RuntimeError: The server ended.
    """
    async with Caller(server.address) as caller:
        began = server.cpu_seconds
        read = await closed(caller, requests, in_flight=_IN_FLIGHT)
        spent = server.cpu_seconds - began
        patient = Tally()
        before = await asyncio.to_thread(Metrics, server.metrics_address)
        whole = spent / len(read.answered) * number
        began = server.cpu_seconds
        late = first(requests, number)
        tally = await closed(caller, late, in_flight=_STORM_IN_FLIGHT, deadline_seconds=_STORM_TIMEOUT_SECONDS)
        share = (server.cpu_seconds - began) / whole
        await caller.ask(requests[0], patient)
    account = await settled(server.metrics_address, before)
    return Storm(number, len(tally.answered), account, share, patient.answered.percentile_ms(100) or float("inf"))
