"""Counts of documents -> figures with intervals: each figure is computed of all documents and of every resample at once.

Documents are drawn with replacement, as whole articles: quotations of one article are not independent. One seed draws the same
documents for every system, which pairs their resamples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from guillemet_evaluation.figures import Accuracy, Interval, Rates, Score
from guillemet_evaluation.tallying import Counts, Figure

# Of the percentile interval.
QUANTILES = (0.025, 0.975)
# How many weights are held at once.
_MOST_WEIGHTS = 2**22

Values: TypeAlias = NDArray[np.float64]  # (1 + n_resamples,): of all documents, then of each resample


class Sums:
    """Counts summed over all documents and over each resample."""

    def __init__(self, counts: Sequence[Counts], *, resamples: int, seed: int) -> None:
        self._columns = {name: column for column, name in enumerate(dict.fromkeys(name for row in counts for name in row))}
        table = np.zeros((len(counts), len(self._columns)))  # (n_documents, n_counts)
        for number, row in enumerate(counts):
            for name, value in row.items():
                table[number, self._columns[name]] = value
        self._sums = np.concatenate([table.sum(axis=0, keepdims=True), *_resampled(table, resamples, seed)])
        self._none = np.zeros(len(self._sums))

    def __getitem__(self, name: Figure) -> Values:
        """Return the sums of a count; what never happened is counted 0 times."""
        column = self._columns.get(name)
        return self._none if column is None else self._sums[:, column]

    def score(self, figure: Figure, sizes: Figure | None = None) -> "SampledScore":
        """Return the score of a figure, whose "predicted" and "gold" may be counted under another name."""
        of = sizes or figure
        return SampledScore(self[*figure, "correct"], self[*of, "predicted"], self[*figure, "found"], self[*of, "gold"])

    def accuracy(self, figure: Figure) -> "SampledAccuracy":
        """Return the accuracy of a figure."""
        return SampledAccuracy(self[*figure, "correct"], self[*figure, "total"])


def _resampled(table: Values, resamples: int, seed: int) -> list[Values]:
    """Return the sums over each resample, ``(n_resamples, n_counts)`` in parts."""
    generator = np.random.default_rng(seed)
    n_documents = len(table)
    at_once = max(1, _MOST_WEIGHTS // max(1, n_documents))
    sums = []
    for first in range(0, resamples, at_once):
        size = min(at_once, resamples - first)
        drawn = generator.integers(n_documents, size=(size, n_documents))
        drawn += np.arange(size)[:, None] * n_documents
        weights = np.bincount(drawn.ravel(), minlength=size * n_documents).reshape(size, n_documents)
        sums.append(weights @ table)
    return sums


@dataclass(frozen=True, slots=True)
class SampledRates:
    """Precision, recall and F1 of every resample."""

    precision: Values
    recall: Values
    f1: Values

    def rates(self) -> Rates:
        """Return what is said of them."""
        return Rates(
            precision=float(self.precision[0]),
            recall=float(self.recall[0]),
            f1=float(self.f1[0]),
            precision_interval=interval(self.precision),
            recall_interval=interval(self.recall),
            f1_interval=interval(self.f1),
        )


def mean_rates(all_rates: Sequence[SampledRates]) -> SampledRates:
    """Return the mean of rates, of each resample over those that are defined there."""
    return SampledRates(*(_mean([getattr(rates, name) for rates in all_rates]) for name in ("precision", "recall", "f1")))


@dataclass(frozen=True, slots=True)
class SampledScore:
    """What a score is counted from, in every resample."""

    correct: Values
    predicted: Values
    found: Values
    gold: Values

    def rates(self) -> SampledRates:
        """Return precision, recall and F1: NaN where neither side holds anything, 0 where one side does not."""
        nothing = np.where(self.predicted + self.gold > 0, 0.0, np.nan)
        precision = _ratio(self.correct, self.predicted, nothing)
        recall = _ratio(self.found, self.gold, nothing)
        return SampledRates(precision, recall, _ratio(2 * precision * recall, precision + recall, nothing))

    def score(self) -> Score:
        """Return what is said of it."""
        rates = self.rates().rates()
        return Score(
            **{name: getattr(rates, name) for name in Rates.__dataclass_fields__},
            correct=int(self.correct[0]),
            predicted=int(self.predicted[0]),
            found=int(self.found[0]),
            gold=int(self.gold[0]),
        )


@dataclass(frozen=True, slots=True)
class SampledAccuracy:
    """What an accuracy is counted from, in every resample."""

    correct: Values
    total: Values

    def values(self) -> Values:
        """Return the accuracy, NaN where there was no answer."""
        return ratio(self.correct, self.total)

    def accuracy(self) -> Accuracy:
        """Return what is said of it."""
        values = self.values()
        return Accuracy(
            value=float(values[0]), interval=interval(values), correct=int(self.correct[0]), total=int(self.total[0])
        )


def ratio(part: Values, whole: Values) -> Values:
    """Return ``part / whole``, NaN where the whole is 0."""
    return _ratio(part, whole, np.full(len(whole), np.nan))


def interval(values: Values) -> Interval:
    """Return the percentile interval of the resamples in which a value is defined."""
    defined = values[1:][~np.isnan(values[1:])]
    if np.isnan(values[0]) or not len(defined):
        return Interval(np.nan, np.nan)
    low, high = np.quantile(defined, QUANTILES)
    return Interval(float(low), float(high))


def _ratio(part: Values, whole: Values, otherwise: Values) -> Values:
    return np.divide(part, whole, out=otherwise.copy(), where=whole > 0)


def _mean(values: Sequence[Values]) -> Values:
    stacked = np.stack(values)
    is_defined = ~np.isnan(stacked)
    return ratio(np.where(is_defined, stacked, 0.0).sum(axis=0), is_defined.sum(axis=0).astype(float))
