"""Two systems on the same gold documents: what differs, and whether by chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from guillemet_evaluation.bootstrap import SampledScore, Sums, Values, interval
from guillemet_evaluation.evaluating import RESAMPLES, mean_over_types, measure
from guillemet_evaluation.figures import Accuracy, Interval, Rates, Score
from guillemet_evaluation.reading import AnyDocuments, as_documents
from guillemet_evaluation.results import Evaluation, JudgedDocument, Outcome, to_json

# Figures that are means over types, and what they are means of.
_MEANS = {"by_type_mean": "by_type", "type_mean": "types"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Of one figure: the F1 of rates, the value of an accuracy."""

    a: float
    b: float
    difference: float
    """``b - a``."""
    interval: Interval
    """Of the difference."""
    p_value: float
    """Two-sided, of the paired bootstrap: how likely a difference of either sign is by chance of the documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDifference:
    """How two systems fare on one document, by `Evaluation.joint_speaker`."""

    document: int
    """Index among the gold documents."""
    id: str
    a_f1: float
    b_f1: float
    a_errors: int
    """Gold quotations not found with their speaker, and predictions that are wrong."""
    b_errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two systems on the same gold documents."""

    a: Evaluation
    b: Evaluation
    differences: Mapping[str, Difference]
    """By the name that `Evaluation.figures` has."""
    documents: tuple[DocumentDifference, ...]
    """Those on which the systems make a different number of errors, the largest difference first."""

    def to_json(self) -> dict[str, Any]:
        """Return everything, ready for ``json.dumps``."""
        evaluations = {"a": self.a.to_json(), "b": self.b.to_json()}
        return {**evaluations, "differences": to_json(self.differences), "documents": to_json(self.documents)}


def compare(gold: AnyDocuments, a: AnyDocuments, b: AnyDocuments, *, resamples: int = RESAMPLES, seed: int = 0) -> Comparison:
    """Measure two systems on the same gold documents.

    Args:
        gold: As `evaluate` takes it.
        a: Predictions, as `evaluate` takes them.
        b: Predictions.
        resamples: Of the bootstrap; both systems are measured on the same resamples.
        seed: Of the bootstrap.

    Raises:
        InvalidDocuments: As `evaluate`.
    """
    truths = as_documents(gold, name="gold", is_gold=True)
    one = measure(truths, a, name="a", resamples=resamples, seed=seed)
    other = measure(truths, b, name="b", resamples=resamples, seed=seed)
    differences = {
        name: _difference(_values(one.sums, name, figure), _values(other.sums, name, figure))
        for name, figure in one.evaluation.figures().items()
    }
    pairs = zip(one.evaluation.documents, other.evaluation.documents, strict=True)
    documents = [_document(index, *pair) for index, pair in enumerate(pairs)]
    return Comparison(
        a=one.evaluation,
        b=other.evaluation,
        differences=differences,
        documents=tuple(
            sorted(
                (document for document in documents if document.a_errors != document.b_errors),
                key=lambda document: -abs(document.b_errors - document.a_errors),
            )
        ),
    )


def _values(sums: Sums, name: str, figure: Rates | Accuracy) -> Values:
    """Return the F1 of rates or the value of an accuracy, of all documents and of each resample."""
    if name in _MEANS:
        return mean_over_types(sums, _MEANS[name]).f1
    path = tuple(name.split("."))
    return sums.score(path).rates().f1 if isinstance(figure, Score) else sums.accuracy(path).values()


def _difference(a: Values, b: Values) -> Difference:
    difference = b - a
    drawn = difference[1:][~np.isnan(difference[1:])]
    # The observed documents count as one more draw, so that no p-value is 0 (Davison and Hinkley 1997, section 4.2).
    tail = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0)) + 1
    return Difference(
        a=float(a[0]),
        b=float(b[0]),
        difference=float(difference[0]),
        interval=interval(difference),
        p_value=float("nan") if np.isnan(difference[0]) else float(min(1.0, 2 * tail / (len(drawn) + 1))),
    )


def _document(index: int, a: JudgedDocument, b: JudgedDocument) -> DocumentDifference:
    (a_f1, a_errors), (b_f1, b_errors) = _joint_speaker(a), _joint_speaker(b)
    return DocumentDifference(document=index, id=a.gold.id, a_f1=a_f1, b_f1=b_f1, a_errors=a_errors, b_errors=b_errors)


def _joint_speaker(document: JudgedDocument) -> tuple[float, int]:
    """Return the F1 of quotation and speaker in a document, and its errors."""
    wrong = {Outcome.MISSED, Outcome.SPURIOUS, Outcome.WRONG_SPEAKER, Outcome.EMPTY}
    correct = sum(not wrong & set(pair.outcomes) for pair in document.pairs)
    gold = sum(pair.gold is not None for pair in document.pairs)
    predicted = sum(pair.predicted is not None and Outcome.EMPTY not in pair.outcomes for pair in document.pairs)
    counts = (np.array([float(count)]) for count in (correct, predicted, correct, gold))
    return float(SampledScore(*counts).rates().f1[0]), gold + predicted - 2 * correct
