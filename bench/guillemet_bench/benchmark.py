"""The whole measurement, in one order."""

import asyncio
import statistics
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from guillemet_bench.answers import Answers
from guillemet_bench.calls import Caller, Request
from guillemet_bench.corpus import articles
from guillemet_bench.figures import Figures, Load, Overload, Throughput, machine
from guillemet_bench.leaving import cancellations, deadline_storm
from guillemet_bench.loads import batches, closed, first, for_seconds, open_loop, stream
from guillemet_bench.measuring import Say, Tally
from guillemet_bench.raw import RawModel
from guillemet_bench.scenarios import drain, full_stream, half_load, huge_documents
from guillemet_bench.servers import ServerProcess

# Of the server that is overloaded: what waits is about a second's work, so that its queue is soon full.
_OVERLOADED = ("--max-queue-tokens", "16384")
_SATURATING = 64
_QUIET_SHARE = 0.1  # of saturation: what a caller sends who times how others disturb it
_SLOW_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    articles: int
    repetitions: int
    in_flight: tuple[int, ...]
    closed_seconds: float
    of_saturation: tuple[float, ...]  # at least two, the heaviest last
    open_seconds: float
    warm_up_seconds: float  # of an open load: until the queue is as full as it gets
    turns: int  # of the heaviest load and the best one
    latencies: int
    company_seconds: float  # of a quiet unary caller beside others
    cancelling_seconds: float
    storm: int


FULL = Plan(
    articles=240,
    repetitions=5,
    in_flight=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    closed_seconds=6.0,
    of_saturation=(0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5),
    open_seconds=15.0,
    warm_up_seconds=5.0,
    turns=5,
    latencies=400,
    company_seconds=30.0,
    cancelling_seconds=600.0,
    storm=1_000,
)
QUICK = Plan(
    articles=40,
    repetitions=2,
    in_flight=(1, 64),
    closed_seconds=2.0,
    of_saturation=(1.0, 1.5),
    open_seconds=2.0,
    warm_up_seconds=1.0,
    turns=1,
    latencies=12,
    company_seconds=1.5,
    cancelling_seconds=3.0,
    storm=100,
)


class Benchmark:
    """One measurement: texts, a plan, and what was found so far."""

    def __init__(self, plan: Plan, *, model: Path | None, threads: int | None, seed: int, say: Say) -> None:
        """Load the model.

        Args:
            plan: How much is measured.
            model: A model folder. None: the embedded model.
            threads: Of the servers and of the raw limit. None: as by default.
            seed: Of the texts and of chance.
            say: Told what is going on.

        Raises:
            ModelFileError: The folder cannot be used.
        """
        self._plan = plan
        self._seed = seed
        self._say = say
        self._requests = [Request.of(text) for text in articles(plan.articles, seed=seed)]
        self._options = [*(("--model", str(model)) if model else ()), *(("--threads", str(threads)) if threads else ())]
        say("load the model")
        self._raw = RawModel(model, threads, self._requests)
        self.figures = Figures(machine(), asdict(self._raw.extractor.description))

    async def run(self) -> None:
        """Measure servers that are started for it.

        Raises:
            RuntimeError: One did not start.
        """
        figures, requests = self.figures, self._requests
        with ServerProcess(*self._options) as server:
            figures.cold_start_seconds = server.cold_start_seconds
            figures.rss_bytes["idle"] = server.rss_bytes
            await self._throughput(server.address)
            figures.rss_bytes["saturated"] = server.rss_bytes
            await self._company(server.address)
            figures.rss_bytes["after huge documents"] = server.rss_bytes
        with ServerProcess(*self._options, *_OVERLOADED) as server:
            await self._overload(server.address)
            self._say("deadlines of 5 ms")
            figures.storm = await deadline_storm(server, requests, number=self._plan.storm)
        with ServerProcess(*self._options) as server:
            self._say("cancellations")
            answers = await asyncio.to_thread(Answers, self._raw.extractor, requests)
            seconds = self._plan.cancelling_seconds
            figures.cancellations = await cancellations(server, requests, answers, seconds=seconds, seed=self._seed)
            self._say("drain")
            figures.drain = await drain(server, requests)

    async def run_against(self, address: str) -> None:
        """Measure a running server; it should have as many threads as the raw model has here.

        Args:
            address: Of the server.

        Raises:
            RuntimeError: It serves another model.
        """
        async with Caller(address) as caller:
            served = await caller.model()
        if served.sha256 != (own := self._raw.extractor.description).sha256:
            raise RuntimeError(
                f"{address} serves {served.name} {served.version}, and the raw model is {own.name} {own.version}"
            )
        await self._throughput(address)
        await self._company(address)
        await self._overload(address)

    async def _throughput(self, address: str) -> None:
        """Saturate the server in three ways and the raw model beside them, again and again; then one request at a time."""
        limits: list[float] = []
        served: dict[str, list[float]] = {"unary": [], "batch": [], "stream": []}
        requests = self._requests
        async with Caller(address) as caller:
            await closed(caller, requests[:_SATURATING], in_flight=_SATURATING)  # warm
            for repetition in range(self._plan.repetitions):
                self._say(f"throughput, {repetition + 1} of {self._plan.repetitions}")
                limits.append(await asyncio.to_thread(self._raw.words_per_s, requests))
                served["unary"].append((await closed(caller, requests, in_flight=_SATURATING)).words_per_s)
                served["batch"].append((await batches(caller, requests)).words_per_s)
                served["stream"].append((await stream(caller, requests)).words_per_s)
            self._say("latency")
            await self._latency(caller)
            for in_flight in self._plan.in_flight:
                self._say(f"{in_flight} in flight")
                tally = await closed(caller, for_seconds(requests, self._plan.closed_seconds), in_flight=in_flight)
                self.figures.closed.append(Load.of(tally, in_flight=in_flight))
        self.figures.raw_words_per_s = statistics.median(limits)
        for name, measured in served.items():
            self.figures.throughput[name] = Throughput.of(measured, limits)

    async def _latency(self, caller: Caller) -> None:
        raw, added = [], []
        for request in first(self._requests, self._plan.latencies):
            alone = await asyncio.to_thread(self._raw.seconds, request)
            tally = Tally()
            await caller.ask(request, tally)
            raw.append(alone * 1000)
            added.append((tally.answered.percentile_ms(100) or float("inf")) - raw[-1])
        self.figures.raw_latency_ms_p50 = statistics.median(raw)
        self.figures.added_latency_ms_p50 = statistics.median(added)

    async def _company(self, address: str) -> None:
        """Time a quiet unary caller who shares the server with others, or has bad company."""
        requests, saturation = self._requests, self._saturation
        companies: dict[str, Callable[[], AbstractAsyncContextManager[None]]] = {
            "half a load": lambda: half_load(address, requests, per_second=saturation / 2),
            "a full stream": lambda: full_stream(address, requests),
            "a stream read slowly": lambda: full_stream(address, requests, answer_seconds=_SLOW_SECONDS),
            "documents of 200,000 characters": lambda: huge_documents(address, requests),
        }
        async with Caller(address) as caller:
            for name, company in companies.items():
                self._say(f"a unary caller beside {name}")
                pace = saturation * _QUIET_SHARE
                seconds = self._plan.company_seconds
                async with company():
                    tally = await open_loop(
                        caller, requests, per_second=pace, seconds=seconds, warm_up_seconds=0.0, seed=self._seed
                    )
                self.figures.beside_p99_ms[name] = tally.answered.percentile_ms(99)

    async def _overload(self, address: str) -> None:
        """Send more and more requests a second, at last more than can be answered; then the most and the best by turns.

        The best of many readings is the luckiest of them, too: a second look at it, beside the heaviest, is not.
        """
        *lighter, heaviest = self._plan.of_saturation
        goodput: dict[float, float] = {}
        async with Caller(address) as caller:
            await closed(caller, self._requests[:_SATURATING], in_flight=4)  # warm
            for share in self._plan.of_saturation:
                self._say(f"{share:.0%} of saturation")
                tally = await self._open(caller, share)
                goodput[share] = tally.words_per_s
                load = Load.of(tally, of_saturation=share, requests_per_s=share * self._saturation)
                self.figures.open.append(load)
            best = max(lighter, key=lambda share: goodput[share])
            turns: dict[float, list[Tally]] = {heaviest: [], best: []}
            for turn in range(self._plan.turns):
                for share, tallies in turns.items():
                    self._say(f"{share:.0%} of saturation, {turn + 1} of {self._plan.turns}")
                    tallies.append(await self._open(caller, share))
        self.figures.overload = Overload.of((heaviest, turns[heaviest]), (best, turns[best]))

    async def _open(self, caller: Caller, of_saturation: float) -> Tally:
        return await open_loop(
            caller,
            self._requests,
            per_second=of_saturation * self._saturation,
            seconds=self._plan.open_seconds,
            warm_up_seconds=self._plan.warm_up_seconds,
            seed=self._seed,
        )

    @property
    def _saturation(self) -> float:
        """Requests a second at which unary calls saturated the server."""
        words = sum(request.words for request in self._requests) / len(self._requests)
        return self.figures.throughput["unary"].words_per_s / words
