"""Two systems on the same gold documents: what differs, and whether by chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guillemet_evaluation.figures import Interval
from guillemet_evaluation.results import Evaluation, to_json


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
