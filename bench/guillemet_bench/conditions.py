"""What has to hold of a server that was loaded for long."""

from collections.abc import Iterator
from dataclasses import dataclass

from guillemet_bench.accounts import Account
from guillemet_bench.leaving import EARLY, Cancellations, Storm
from guillemet_bench.outcomes import Outcomes
from guillemet_bench.traffic import LAPS, Traffic

_MEMORY_OF_CANCELLATIONS = 1.05
_MEMORY_OF_TRAFFIC = 1.03
_GOODPUT = 0.97
_CPU_OF_STORM = 0.05


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that has to hold."""

    name: str
    seen: str
    accepted: str
    holds: bool

    def __str__(self) -> str:
        return f"{self.name}: {self.seen}; accepted is {self.accepted}"


def of_cancellations(it: Cancellations, minutes: float) -> Iterator[Condition]:
    """Yield what has to hold when a third of the callers went away for so many minutes."""
    yield from _outcomes("answers", it.outcomes)
    yield from _account(it.account, it.outcomes)
    yield _at_most(
        f"memory, to that at minute {EARLY * minutes:.3g}", it.rss_bytes_late / it.rss_bytes_early, _MEMORY_OF_CANCELLATIONS
    )


def of_storm(it: Storm) -> Iterator[Condition]:
    """Yield what has to hold when all callers came too late."""
    reached = it.account.received
    yield Condition(
        "deadlines of 5 ms that reached the server", f"{reached:,}", f"≥ {it.requests // 2:,}", reached >= it.requests // 2
    )
    yield _none("texts read for nobody, deadlines of 5 ms", it.account.read_in_vain)
    yield _at_most("CPU time for them, to that of reading them", it.cpu_share, _CPU_OF_STORM)
    yield _nothing_held(it.account)


def of_traffic(it: Traffic, minutes: float) -> Iterator[Condition]:
    """Yield what has to hold after so many minutes of traffic."""
    articles, strange, malformed = it.guests.articles, it.guests.strange, it.guests.malformed
    yield from _outcomes("answers", articles)
    yield from _outcomes("answers to hostile texts", strange)
    refused = malformed.failed.get("INVALID_ARGUMENT", 0)
    yield Condition("malformed messages refused", f"{refused:,}", f"all {malformed.sent:,}", refused == malformed.sent)
    yield _none(f"of {it.guests.noise:,} connections of noise, hanging", it.guests.noise_hanging)
    yield from _account(it.account, articles, strange)
    yield Condition(
        "open files afterwards", str(it.account.open_files), f"at most {it.open_files}", it.account.open_files <= it.open_files
    )
    lowest = min(lap.words_per_s for lap in it.laps) / it.laps[0].words_per_s
    yield Condition(f"goodput of the worst of {LAPS} laps, to the first", f"{lowest:.3f}", f"≥ {_GOODPUT}", lowest >= _GOODPUT)
    yield _at_most(
        f"memory, to that at minute {minutes / LAPS:.3g}", it.rss_bytes_late / it.rss_bytes_early, _MEMORY_OF_TRAFFIC
    )


def _outcomes(name: str, it: Outcomes) -> Iterator[Condition]:
    yield _none(f"wrong of {it.answered:,} {name}", it.wrong)
    yield Condition(
        f"failed instead of {name}",
        ", ".join(f"{count:,} {code}" for code, count in it.failed.items()) or "0",
        "0",
        not it.failed,
    )
    yield _none(f"unaccounted for of {it.sent:,} requests", it.unaccounted)


def _account(account: Account, *all_outcomes: Outcomes) -> Iterator[Condition]:
    # An answer may have been on its way when its caller went.
    least = sum(it.answered for it in all_outcomes)
    most = least + sum(it.cancelled for it in all_outcomes)
    yield Condition(
        "answered, as the server counts", f"{account.answered:,}", f"{least:,} to {most:,}", least <= account.answered <= most
    )
    yield _none("broken, as the server counts", account.broken)
    yield _nothing_held(account)


def _nothing_held(account: Account) -> Condition:
    held = ", ".join(map(str, account.held))
    return Condition("tokens queued, texts in work, RPCs in flight afterwards", held, "0, 0, 0", not any(account.held))


def _none(name: str, count: int) -> Condition:
    return Condition(name, f"{count:,}", "0", not count)


def _at_most(name: str, ratio: float, limit: float) -> Condition:
    return Condition(name, f"{ratio:.3f}", f"≤ {limit}", ratio <= limit)
