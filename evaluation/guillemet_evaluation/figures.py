"""The figures that an evaluation consists of: fractions in [0, 1], each with what it was counted from.

NaN: there was nothing to measure. Intervals are 95 % percentile intervals over resampled documents (Efron 1979).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Interval(NamedTuple):
    """Within which a figure lies in 95 % of the resamples."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float
    f1: float
    precision_interval: Interval
    recall_interval: Interval
    f1_interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Rates):
    """Rates, and what they are counted from. NaN only where neither side holds anything."""

    correct: int
    """Predictions that are right: precision is ``correct / predicted``."""
    predicted: int
    found: int
    """Gold that is found: recall is ``found / gold``. Differs from `correct` only where each side is classed on its own."""
    gold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How many of some answers are right."""

    value: float
    interval: Interval
    correct: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The headline figures of some quotations: predictions and gold are put into slices each by its own side."""

    quotation: Score
    """At a character IoU of 0.5."""
    joint_source: Score
    joint_speaker: Score
    speaker_accuracy: Accuracy
    """Of the matching pairs whose gold is in the slice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """The answers whose stated probability lies in [low, high)."""

    low: float
    high: float
    answers: int
    stated: float
    """Mean of the stated probabilities."""
    right: float
    """Share of the answers that are right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPoint:
    """What is left when answers below a probability are left out."""

    probability: float
    coverage: float
    """Share of the answers that is kept."""
    risk: float
    """Share of the kept ones that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How far the stated probabilities of one kind of decision can be read as rates, and how well they order the answers."""

    answers: int
    """That state a probability."""
    unstated: int
    """That state none, and are in no figure here."""
    expected_error: float
    """Expected calibration error over ten bins of equal width (Guo et al. 2017, arXiv:1706.04599)."""
    expected_error_interval: Interval
    """Of its spread around `expected_error`; resamples themselves lie higher."""
    brier: float
    """Mean squared difference of the stated probability and the truth, 1 or 0 (Brier 1950)."""
    brier_interval: Interval
    bins: tuple[ReliabilityBin, ...]
    """Ten; an empty one has NaN for `stated` and `right`."""
    risk_coverage: tuple[RiskPoint, ...]
    """From the surest answers to all (Geifman and El-Yaniv 2017, arXiv:1705.08500); at most a hundred points."""
    risk_area: float
    """Mean risk over all coverages: the area under the curve."""
    precision_at_recall: Mapping[float, float]
    """Recall to the best precision that some threshold reaches at no less; NaN: no threshold reaches that recall."""
