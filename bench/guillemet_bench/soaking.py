"""A server under load for long: what is loaded, how, and what came of it."""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from guillemet_bench.answers import Answers
from guillemet_bench.calls import Request
from guillemet_bench.conditions import Condition, of_cancellations, of_storm, of_traffic
from guillemet_bench.corpus import articles
from guillemet_bench.figures import machine
from guillemet_bench.hostile import hostile_texts
from guillemet_bench.leaving import Cancellations, Storm, cancellations, deadline_storm
from guillemet_bench.measuring import Say
from guillemet_bench.servers import ServerProcess
from guillemet_bench.traffic import Traffic, traffic
from guillemet_models.extractor import Extractor

_STORM_REQUESTS = 10_000

Kind: TypeAlias = Literal["cancellations", "traffic"]
"""Of load."""


@dataclass(frozen=True, slots=True)
class Soak:
    """What was found."""

    machine: dict[str, Any]
    model: dict[str, Any]
    minutes: float
    cancellations: Cancellations | None = None
    storm: Storm | None = None
    traffic: Traffic | None = None

    @property
    def conditions(self) -> list[Condition]:
        """What has to hold, and whether it does."""
        return list(self._conditions())

    def to_json(self) -> dict[str, Any]:
        """Return all of it."""
        conditions = self.conditions
        return asdict(self) | {"conditions": [asdict(it) for it in conditions], "holds": all(it.holds for it in conditions)}

    def _conditions(self) -> Iterator[Condition]:
        if self.cancellations:
            yield from of_cancellations(self.cancellations, self.minutes)
        if self.storm:
            yield from of_storm(self.storm)
        if self.traffic:
            yield from of_traffic(self.traffic, self.minutes)


async def soak(
    kind: Kind, *, minutes: float, number: int, model: Path | None, threads: int | None, seed: int, say: Say
) -> Soak:
    """Load a server that is started for it.

    Args:
        kind: Of load.
        minutes: That it lasts; finding the rate, or deadlines that are too short, come on top.
        number: Of different articles.
        model: A model folder. None: the embedded model.
        threads: Of the server. None: as by default.
        seed: Of the texts and of chance.
        say: Told what is going on.

    Raises:
        ModelFileError: The folder cannot be used.
        RuntimeError: The server did not start, or ended.
    """
    requests = [Request.of(text) for text in articles(number, seed=seed)]
    strange = hostile_texts() if kind == "traffic" else []
    say(f"read {len(requests) + len(strange)} texts in this process")
    extractor = Extractor.load(model, threads=threads)
    description = asdict(extractor.description)
    before = machine()
    answers = await asyncio.to_thread(Answers, extractor, [*requests, *strange])
    options = [*(("--model", str(model)) if model else ()), *(("--threads", str(threads)) if threads else ())]
    with ServerProcess(*options) as server:
        if kind == "traffic":
            there = await traffic(server, requests, strange, answers, seconds=60 * minutes, seed=seed, say=say)
            return Soak(before, description, minutes, traffic=there)
        say("cancellations")
        gone = await cancellations(server, requests, answers, seconds=60 * minutes, seed=seed)
        say("deadlines of 5 ms")
        late = await deadline_storm(server, requests, number=_STORM_REQUESTS)
        return Soak(before, description, minutes, cancellations=gone, storm=late)
