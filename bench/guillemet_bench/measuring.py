"""What is counted and timed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
from hdrh.histogram import HdrHistogram

_MICROSECONDS = 1_000_000
_LONGEST_MICROSECONDS = 3_600 * _MICROSECONDS
_DIGITS = 3

Say = Callable[[str], None]
"""Told what is being measured."""


class Durations:
    """Seconds, with three digits, however many."""

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, _LONGEST_MICROSECONDS, _DIGITS)

    def __len__(self) -> int:
        return int(self._histogram.get_total_count())

    def add(self, seconds: float) -> None:
        """Add one."""
        self._histogram.record_value(max(1, min(round(seconds * _MICROSECONDS), _LONGEST_MICROSECONDS)))

    def add_all(self, others: "Durations") -> None:
        """Add those of others."""
        self._histogram.add(others._histogram)  # noqa: SLF001 (of its own class)

    def percentile_ms(self, percentile: float) -> float | None:
        """Return the milliseconds that this many percent stay below; None if there are none."""
        return self._histogram.get_value_at_percentile(percentile) / 1000 if len(self) else None


@dataclass
class Tally:
    """What became of some requests."""

    words: int = 0  # of those that were answered
    seconds: float = 0.0  # from the first to the last
    answered: Durations = field(default_factory=Durations)
    refused: Durations = field(default_factory=Durations)  # RESOURCE_EXHAUSTED: the server had too much to do
    queued: Durations = field(default_factory=Durations)  # as the server says
    others: Counter[str] = field(default_factory=Counter)  # by status

    @property
    def words_per_s(self) -> float:
        """Of the answers."""
        return self.words / self.seconds if self.seconds else 0.0

    @property
    def requests(self) -> int:
        """Of all outcomes."""
        return len(self.answered) + len(self.refused) + self.others.total()

    def add_failure(self, code: grpc.StatusCode, seconds: float) -> None:
        """Add a request that was not answered."""
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            self.refused.add(seconds)
        else:
            self.others[code.name] += 1
