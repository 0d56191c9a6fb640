"""A long day: clients who come and go, send at a steady rate, give up now and then, and some who mean no good."""

import asyncio
import random
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field

from guillemet_bench.accounts import Account, Metrics, settled
from guillemet_bench.answers import Answers
from guillemet_bench.calls import Caller, Request
from guillemet_bench.crowd import Crowd
from guillemet_bench.figures import Load
from guillemet_bench.hostile import NOISE, make_noise, malformed_messages
from guillemet_bench.loads import closed, for_seconds, open_loop, poisson
from guillemet_bench.measuring import Say, Tally
from guillemet_bench.memory import watched
from guillemet_bench.outcomes import Outcomes, ask
from guillemet_bench.servers import ServerProcess

LAPS = 4
_OF_SATURATION = 0.8
_SATURATING = 64
_SETTLING = 0.025  # of the time, each to saturate the server and to let it settle at the rate, beforehand
_CLIENTS = 8
_REPLACING_SECONDS = 1.0
_CANCELLED_SHARE = 0.1
_HOSTILE_SHARE = 0.01


@dataclass(slots=True)
class Guests:
    """What became of all requests, by their kind."""

    articles: Outcomes = field(default_factory=Outcomes)
    strange: Outcomes = field(default_factory=Outcomes)  # texts that nobody would write
    malformed: Outcomes = field(default_factory=Outcomes)
    noise: int = 0  # connections of what is no gRPC
    noise_hanging: int = 0  # of these, which the server did not end


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a server made of it."""

    saturation_words_per_s: float
    laps: list[Load]  # the same requests at the same moments, so that they can be compared
    guests: Guests
    clients: int  # that left, and others came
    account: Account
    open_files: int  # of the server, after the first lap
    rss_bytes_early: int  # then
    rss_bytes_late: int


class _Host:
    """Lets requests come, and counts."""

    def __init__(self, server: ServerProcess, answers: Answers, strange: Sequence[Request], life_seconds: float) -> None:
        self.crowd = Crowd(server.address, _CLIENTS)
        self.guests = Guests()
        self.laps: list[Tally] = []
        self._address = server.address
        self._answers = answers
        self._hostile: tuple[Sequence[Request | bytes], ...] = (strange, malformed_messages(), NOISE)
        self._life = life_seconds

    def received(self, request: Request, due: float, chance: random.Random) -> Coroutine[None, None, None]:
        """Return what comes of a request: mostly itself."""
        kind = chance.random()
        if kind < _HOSTILE_SHARE:
            return self._hostility(chance.choice(chance.choice(self._hostile)))
        leaves = kind < _HOSTILE_SHARE + _CANCELLED_SHARE
        return self._article(request, due, chance.random() * self._life if leaves else None)

    async def _article(self, request: Request, due: float, patience: float | None) -> None:
        async with self.crowd.client() as caller:
            answered = await ask(caller, request, self._answers, self.guests.articles, patience_seconds=patience)
        if answered:
            lap = self.laps[-1]  # goodput is what comes out while the clock runs, whenever it went in
            lap.answered.add(time.monotonic() - due)
            lap.words += request.words

    async def _hostility(self, what: Request | bytes) -> None:
        guests = self.guests
        if isinstance(what, bytes):
            guests.noise += 1
            guests.noise_hanging += not await make_noise(self._address, what)
            return
        async with self.crowd.client() as caller:
            await ask(caller, what, self._answers, guests.strange if what.text else guests.malformed)

    async def turn_over(self, seconds: float) -> None:
        """Replace a client every second, for so many."""
        for _ in range(int(seconds / _REPLACING_SECONDS)):
            await asyncio.sleep(_REPLACING_SECONDS)
            await self.crowd.replace_oldest()


async def traffic(
    server: ServerProcess,
    requests: Sequence[Request],
    strange: Sequence[Request],
    answers: Answers,
    *,
    seconds: float,
    seed: int,
    say: Say,
) -> Traffic:
    """Load a server to 80 % of what saturates it, with a new client every second, 10 % cancelled and 1 % hostile.

    Args:
        server: Nobody else asks it.
        requests: Articles, over and over.
        strange: Hostile texts.
        answers: To both.
        seconds: That it takes, after a twentieth of that to find the rate.
        seed: Of chance.
        say: Told what is going on.

    Raises:
        RuntimeError: The server ended.
    """
    say("saturation")
    settling = seconds * _SETTLING
    async with Caller(server.address) as caller:
        saturated = await closed(caller, for_seconds(requests, settling), in_flight=_SATURATING)
        per_second = _OF_SATURATION * len(saturated.answered) / saturated.seconds
        usual = await open_loop(caller, requests, per_second=per_second, seconds=settling, warm_up_seconds=0.0, seed=seed)
    host = _Host(server, answers, strange, (usual.answered.percentile_ms(50) or 0.0) / 1000)
    before = await asyncio.to_thread(Metrics, server.metrics_address)
    async with watched(server, seconds) as memory, asyncio.TaskGroup() as group:
        group.create_task(host.turn_over(seconds))
        began = time.monotonic()
        for number in range(LAPS):
            say(f"lap {number + 1} of {LAPS}, {per_second:.1f} requests a second")
            host.laps.append(Tally(seconds=seconds / LAPS))
            chance = random.Random(seed)
            async for request, due in poisson(requests, per_second=per_second, seconds=seconds / LAPS, seed=seed):
                group.create_task(host.received(request, due, chance))
            await asyncio.sleep(began + (number + 1) * seconds / LAPS - time.monotonic())
            if number == 0:
                early = await asyncio.to_thread(Metrics, server.metrics_address)
    await host.crowd.close()
    return Traffic(
        saturation_words_per_s=saturated.words_per_s,
        laps=[Load.of(lap, of_saturation=_OF_SATURATION, requests_per_s=per_second) for lap in host.laps],
        guests=host.guests,
        clients=host.crowd.replaced,
        account=await settled(server.metrics_address, before),
        open_files=early.total("process_open_fds"),
        rss_bytes_early=memory.at(1 / LAPS),
        rss_bytes_late=memory.at(1.0),
    )
