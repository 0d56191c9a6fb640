"""What a benchmark found."""

import os
import platform
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from guillemet_bench.leaving import Cancellations, Storm
from guillemet_bench.measuring import Durations, Tally
from guillemet_bench.scenarios import Drain


@dataclass(frozen=True, slots=True)
class Throughput:
    """Of one kind of RPC; medians over repetitions, the ratio of each taken with the raw limit beside it."""

    words_per_s: float
    ratio: float
    ratios: list[float]

    @classmethod
    def of(cls, measured: list[float], limits: list[float]) -> "Throughput":
        """Put measurements and the limits measured beside them together."""
        ratios = [value / limit for value, limit in zip(measured, limits, strict=True)]
        return cls(statistics.median(measured), statistics.median(ratios), ratios)


@dataclass(frozen=True, slots=True)
class Load:
    """What a load led to."""

    in_flight: int | None  # closed loop
    of_saturation: float | None  # open loop
    requests_per_s: float | None  # open loop: sent
    words_per_s: float  # answered
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    queue_p50_ms: float | None
    reject_share: float
    reject_p99_ms: float | None
    others: dict[str, int]

    @classmethod
    def of(
        cls,
        tally: Tally,
        *,
        in_flight: int | None = None,
        of_saturation: float | None = None,
        requests_per_s: float | None = None,
    ) -> "Load":
        """Sum up."""
        at = tally.answered.percentile_ms
        return cls(
            in_flight=in_flight,
            of_saturation=of_saturation,
            requests_per_s=requests_per_s,
            words_per_s=tally.words_per_s,
            p50_ms=at(50),
            p90_ms=at(90),
            p99_ms=at(99),
            p999_ms=at(99.9),
            queue_p50_ms=tally.queued.percentile_ms(50),
            reject_share=len(tally.refused) / max(1, tally.requests),
            reject_p99_ms=tally.refused.percentile_ms(99),
            others=dict(tally.others),
        )


@dataclass(frozen=True, slots=True)
class Overload:
    """What the heaviest open load leaves of the goodput, by turns with the load that had the best."""

    of_saturation: float
    best_of_saturation: float  # of the lighter loads
    goodput_ratio: float  # median of the ratios
    goodput_ratios: list[float]  # of the heaviest to the best beside it
    reject_p99_ms: float | None  # of all turns together

    @classmethod
    def of(cls, heaviest: tuple[float, list[Tally]], best: tuple[float, list[Tally]]) -> "Overload":
        """Put the two loads together, each a share of saturation and what became of it, turn by turn."""
        turns = zip(heaviest[1], best[1], strict=True)
        # Beside nothing there is nothing to praise.
        ratios = [tally.words_per_s / beside.words_per_s if beside.words_per_s else 0.0 for tally, beside in turns]
        refused = Durations()
        for tally in heaviest[1]:
            refused.add_all(tally.refused)
        return cls(heaviest[0], best[0], statistics.median(ratios), ratios, refused.percentile_ms(99))


@dataclass(slots=True)
class Figures:
    """All of it. What was not measured is None or empty."""

    machine: dict[str, Any]
    model: dict[str, Any]
    raw_words_per_s: float = 0.0
    throughput: dict[str, Throughput] = field(default_factory=dict)  # of "unary", "batch" and "stream"
    raw_latency_ms_p50: float = 0.0
    added_latency_ms_p50: float = 0.0
    closed: list[Load] = field(default_factory=list)
    open: list[Load] = field(default_factory=list)
    overload: Overload | None = None
    beside_p99_ms: dict[str, float | None] = field(default_factory=dict)  # of a unary caller, by the company it has
    cold_start_seconds: float | None = None
    rss_bytes: dict[str, int] = field(default_factory=dict)
    cancellations: Cancellations | None = None
    storm: Storm | None = None
    drain: Drain | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it with the names that other programs rely on."""
        values = asdict(self)
        values |= values.pop("throughput")
        values["raw"] = {"words_per_s": values.pop("raw_words_per_s"), "latency_ms_p50": values.pop("raw_latency_ms_p50")}
        return values


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    cpu, flags = platform.processor(), set[str]()
    for line in _lines(Path("/proc/cpuinfo")):
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            cpu = value.strip()
        elif name.strip() in ("flags", "Features"):
            flags = set(value.split())
    return {
        "cpu": cpu,
        "cpus": os.cpu_count(),
        "int8": sorted(flags & {"avx512_vnni", "avx_vnni", "asimddp"}),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "shared": "the load generator runs on the same CPUs as the server",
    }


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
