"""Counts by name: of a figure and what is counted of it.

Of a `Score` these are "correct", "predicted", "found" and "gold", of an `Accuracy` "correct" and "total".
"""

from collections import defaultdict
from typing import TypeAlias

Figure: TypeAlias = tuple[str, ...]
Counts: TypeAlias = "defaultdict[Figure, float]"


def add_score(counts: Counts, figure: Figure, correct: int, predicted: int, gold: int) -> None:
    """Count what is right, predicted and to be found."""
    counts[*figure, "correct"] += correct
    counts[*figure, "found"] += correct
    counts[*figure, "predicted"] += predicted
    counts[*figure, "gold"] += gold


def add_accuracy(counts: Counts, figure: Figure, *, is_right: bool) -> None:
    """Count an answer."""
    counts[*figure, "correct"] += is_right
    counts[*figure, "total"] += 1


def add_sets(counts: Counts, figure: Figure, predicted: set[str], gold: set[str]) -> None:
    """Count what two sets have in common."""
    add_score(counts, figure, len(predicted & gold), len(predicted), len(gold))
