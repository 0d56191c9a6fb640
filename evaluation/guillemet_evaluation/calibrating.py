"""Stated probabilities against what was right: calibration, risk and coverage, by kind of decision."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from guillemet_evaluation.bootstrap import Sums, Values, interval, ratio
from guillemet_evaluation.figures import Calibration, Interval, ReliabilityBin, RiskPoint
from guillemet_evaluation.judging import Judgement, Side
from guillemet_evaluation.tallying import Counts

BINS = 10
RECALLS = (0.5, 0.6, 0.7, 0.8, 0.9)
MOST_POINTS = 100

DECISIONS = ("quotation", "source", "speaker", "institution", "joint_source", "joint_speaker")
# Of these every gold quotation is to be found; the others are decisions about matching pairs.
_OF_ALL_GOLD = frozenset({"quotation", "joint_source", "joint_speaker"})


class Answer(NamedTuple):
    """A decision of a system."""

    decision: str
    probability: float | None
    """None: not stated."""
    is_right: bool


def answers_of(predicted: Side, judgements: Sequence[Judgement]) -> Iterator[Answer]:
    """Yield the decisions in a document: quotations and attributions, and, given a quotation that is right, its parts.

    An institution is judged where the speaker is right.
    """
    matches = {judgement.pair.predicted: judgement for judgement in judgements if judgement.matches}
    for index, (quotation, speaker) in enumerate(zip(predicted.quotations, predicted.speakers, strict=True)):
        match = matches.get(index)
        found, of_source, of_speaker = quotation.probability, quotation.source_probability, quotation.speaker_probability
        yield Answer("quotation", found, match is not None)
        yield Answer("joint_source", _product(found, of_source), match is not None and match.source)
        yield Answer("joint_speaker", _product(found, of_speaker), match is not None and match.speaker)
        if match is not None:
            yield Answer("source", of_source, match.source)
            yield Answer("speaker", of_speaker, match.speaker)
            if match.speaker and speaker is not None:
                yield Answer("institution", speaker.institution_probability, match.institution)


def count_answers(counts: Counts, answers: Sequence[Answer]) -> None:
    """Add what calibration is counted from."""
    for decision, probability, is_right in answers:
        if probability is not None:
            number = str(_bin(probability))
            counts["calibration", decision, number, "answers"] += 1
            counts["calibration", decision, number, "right"] += is_right
            counts["calibration", decision, number, "stated"] += probability
            counts["calibration", decision, "squares"] += (probability - is_right) ** 2


def calibrations(answers: Sequence[Answer], sums: Sums, *, n_gold: int) -> dict[str, Calibration]:
    """Return the calibration of each decision of which some answer states a probability.

    Args:
        answers: Of all documents.
        sums: Of the counts that `count_answers` made.
        n_gold: Number of gold quotations.
    """
    by_decision = {decision: [answer for answer in answers if answer.decision == decision] for decision in DECISIONS}
    return {
        decision: _calibration(decision, own, sums, n_gold)
        for decision, own in by_decision.items()
        if any(answer.probability is not None for answer in own)
    }


def _calibration(decision: str, answers: Sequence[Answer], sums: Sums, n_gold: int) -> Calibration:
    stating = [(answer.probability, answer.is_right) for answer in answers if answer.probability is not None]
    counts = {
        what: np.stack([sums["calibration", decision, str(number), what] for number in range(BINS)])
        for what in ("answers", "stated", "right")
    }  # each (BINS, 1 + n_resamples)
    total = counts["answers"].sum(axis=0)
    error = ratio(np.abs(counts["stated"] - counts["right"]).sum(axis=0), total)
    brier = ratio(sums["calibration", decision, "squares"], total)
    ordered = _Ordered.of(np.array(stating, dtype=float))
    to_find = n_gold if decision in _OF_ALL_GOLD else len(stating)
    return Calibration(
        answers=len(stating),
        unstated=len(answers) - len(stating),
        expected_error=float(error[0]),
        expected_error_interval=_centred(error),
        brier=float(brier[0]),
        brier_interval=interval(brier),
        bins=tuple(
            _reliability(number, *(counts[what][number, 0] for what in ("answers", "stated", "right")))
            for number in range(BINS)
        ),
        risk_coverage=ordered.points(),
        risk_area=ordered.risk_area(),
        precision_at_recall={recall: ordered.precision_at(recall * to_find) for recall in RECALLS},
    )


def _centred(values: Values) -> Interval:
    """Return the interval around what was observed: resampling inflates a sum of absolute differences."""
    drawn = values[1:][~np.isnan(values[1:])]
    low, high = interval(values + values[0] - (drawn.mean() if len(drawn) else 0.0))
    return Interval(float(np.maximum(low, 0.0)), high)


def _product(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other


def _bin(probability: float) -> int:
    return min(int(probability * BINS), BINS - 1)


def _reliability(number: int, answers: float, stated: float, right: float) -> ReliabilityBin:
    return ReliabilityBin(
        low=number / BINS,
        high=(number + 1) / BINS,
        answers=int(answers),
        stated=stated / answers if answers else math.nan,
        right=right / answers if answers else math.nan,
    )


class _Ordered(NamedTuple):
    """Answers from the most to the least probable; equally probable ones are kept or left out together."""

    probabilities: NDArray[np.float64]  # (n_thresholds,)
    kept: NDArray[np.float64]  # (n_thresholds,), how many answers are at least that probable
    right: NDArray[np.float64]  # (n_thresholds,), how many of these are right

    @classmethod
    def of(cls, answers: NDArray[np.float64]) -> Self:
        """Order answers, ``(n, 2)``: probability, and 1 if right or 0."""
        probabilities, right = answers[np.argsort(-answers[:, 0], kind="stable")].T
        last = np.append(np.flatnonzero(np.diff(probabilities)), len(probabilities) - 1)
        return cls(probabilities[last], last + 1.0, right.cumsum()[last])

    def points(self) -> tuple[RiskPoint, ...]:
        """Return the curve of risk and coverage, with its ends."""
        chosen = np.unique(np.linspace(0, len(self.kept) - 1, min(MOST_POINTS, len(self.kept))).round().astype(int))
        coverage, risk = self.kept / self.kept[-1], 1 - self.right / self.kept
        return tuple(
            RiskPoint(probability=float(self.probabilities[at]), coverage=float(coverage[at]), risk=float(risk[at]))
            for at in chosen
        )

    def risk_area(self) -> float:
        """Return the mean risk over all coverages."""
        return float(np.average(1 - self.right / self.kept, weights=np.diff(self.kept, prepend=0)))

    def precision_at(self, right: float) -> float:
        """Return the best precision with at least so many right answers; NaN: there are not so many."""
        enough = self.right >= right - 1e-9
        return float((self.right / self.kept)[enough].max()) if enough.any() else math.nan
