"""Which prediction stands for which gold quotation: one to one, so that together they overlap the most.

The Hungarian method (Kuhn 1955) on the characters that two contents share over those that either has (IoU).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from guillemet_client import Span

# Decide between equal overlaps only, the first before the others.
_BONUSES = {"type": 1e-9, "source": 1e-10, "cue": 1e-11}


class Content(NamedTuple):
    """What is aligned of a quotation."""

    spans: tuple[Span, ...]
    """Trimmed, disjoint, in order."""
    type: str = ""
    """ "": not said."""
    source: tuple[int, ...] = ()
    """Its bounds; (): none."""
    cue: tuple[int, ...] = ()
    """Its bounds; (): none."""


class AlignedPair(NamedTuple):
    """A gold quotation and a prediction that share characters."""

    gold: int
    """Index."""
    predicted: int
    """Index."""
    shared: int
    """Characters of both."""
    gold_length: int
    """In characters."""
    predicted_length: int
    """In characters."""

    @property
    def iou(self) -> float:
        """The characters of both over those of either, in (0, 1]."""
        return self.shared / (self.gold_length + self.predicted_length - self.shared)


def align(gold: Sequence[Content], predicted: Sequence[Content]) -> list[AlignedPair]:
    """Return the pairs, in the order of `gold`; exchanging the arguments exchanges the sides of the pairs and nothing else."""
    if not gold or not predicted:
        return []
    # Of several alignments that are equally good the same is found whichever side is called gold.
    if tuple(predicted) < tuple(gold):
        mirrored = align(predicted, gold)
        return sorted(AlignedPair(pair[1], pair[0], pair[2], pair[4], pair[3]) for pair in mirrored)
    shared = _shared(gold, predicted)  # (n_gold, n_predicted)
    gold_lengths, predicted_lengths = _lengths(gold), _lengths(predicted)
    either = gold_lengths[:, None] + predicted_lengths - shared
    overlap = shared / np.maximum(either, 1)
    overlap += np.array([[_bonus(truth, answer) for answer in predicted] for truth in gold])
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    return [
        AlignedPair(row, column, int(shared[row, column]), int(gold_lengths[row]), int(predicted_lengths[column]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if shared[row, column]
    ]


def _bonus(one: Content, other: Content) -> float:
    return sum(bonus for name, bonus in _BONUSES.items() if getattr(one, name) == getattr(other, name))


def _shared(gold: Sequence[Content], predicted: Sequence[Content]) -> NDArray[np.int64]:
    """Return how many characters each two contents share, ``(n_gold, n_predicted)``."""
    gold_bounds, gold_owners = _flat(gold)
    predicted_bounds, predicted_owners = _flat(predicted)
    begins = np.maximum(gold_bounds[:, None, 0], predicted_bounds[:, 0])  # (n_gold_spans, n_predicted_spans)
    ends = np.minimum(gold_bounds[:, None, 1], predicted_bounds[:, 1])
    shared = np.zeros((len(gold), len(predicted)), dtype=np.int64)
    np.add.at(shared, (gold_owners[:, None], predicted_owners), np.maximum(ends - begins, 0))
    return shared


def _flat(contents: Sequence[Content]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the bounds of all spans, ``(n_spans, 2)``, and the index of the content that each belongs to."""
    bounds = [span for content in contents for span in content.spans]
    owners = [index for index, content in enumerate(contents) for _ in content.spans]
    return np.array(bounds, dtype=np.int64).reshape(-1, 2), np.array(owners, dtype=np.int64)


def _lengths(contents: Sequence[Content]) -> NDArray[np.int64]:
    return np.array([sum(end - begin for begin, end in content.spans) for content in contents])
