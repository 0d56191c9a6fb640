"""Tag scores -> the likeliest consistent spans of each layer, with probabilities. numpy only.

In a layer of K labels a text is, behind each token, either outside of all spans ("closed") or inside one that goes on ("open"
with a label). A begin opens, an end closes, a single and an outside stay closed, an inside stays open: the states of the scheme
are the edges of this automaton of K + 1 nodes, which makes the exact sums and maxima small.
"""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guillemet_models.automaton import Edges, best_arrivals, probabilities
from guillemet_models.scheme import BEGIN, END, INSIDE, LAYERS, SINGLE, STATES_PER_LABEL, Layer

# An article has a thousand, a long report some ten thousand.
_LONG_TOKENS = 32_768
# What a bonus may be given to: a layer, or a label of it; as an index into the layers and one into the labels.
BONUSES: dict[str, tuple[int, int | slice]] = {layer.name: (index, slice(None)) for index, layer in enumerate(LAYERS)} | {
    f"{layer.name}.{label}": (index, place) for index, layer in enumerate(LAYERS) for place, label in enumerate(layer.labels)
}


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A span of a layer."""

    layer: Layer
    label: int  # index into the layer's labels
    first: int  # token
    last: int  # token, included
    probability: float  # mean over its tokens of "lies in some span of this layer"


@dataclass(frozen=True, slots=True)
class Tagging:
    """What the tag scores of one text say."""

    spans: dict[Layer, list[TaggedSpan]]  # in order; those of one layer are disjoint
    inside: dict[Layer, NDArray[np.float32]]  # (n, labels): probability of each label at each token


def decode(scores: NDArray[np.float32], bonus: dict[str, float] | None = None) -> Tagging:
    """Return the best spans of each layer.

    Args:
        scores: ``(n, len(LAYERS), MAX_STATES)``.
        bonus: Added to the score of each span of the named layers, "cue", and labels, "content.indirect": above 0 finds more of
            them, below 0 fewer.
    """
    # Side by side the layers take the fewest steps; of a long text they would take some ten kilobytes a token.
    together = len(LAYERS) if len(scores) <= _LONG_TOKENS else 1
    parts = [_decode(scores, range(first, first + together), bonus or {}) for first in range(0, len(LAYERS), together)]
    return Tagging(
        {layer: spans for part in parts for layer, spans in part.spans.items()},
        {layer: inside for part in parts for layer, inside in part.inside.items()},
    )


def _decode(scores: NDArray[np.float32], places: range, bonus: dict[str, float]) -> Tagging:
    """Return the best spans of the layers at `places`."""
    states = max(LAYERS[place].states for place in places)
    chosen_scores = scores[:, places.start : places.stop, :states]
    by_state = chosen_scores.transpose(2, 0, 1).astype(np.float32, order="C")  # (states, n, layers)
    begin, inside, end, single = (by_state[1 + part :: STATES_PER_LABEL] for part in (BEGIN, INSIDE, END, SINGLE))
    for name, number in bonus.items():
        place, labelled = BONUSES[name]
        if place in places:
            begin[labelled, :, place - places.start] += number
            single[labelled, :, place - places.start] += number
    alone = np.concatenate([by_state[:1], single])  # all that stays closed

    stay = np.logaddexp.reduce(alone, keepdims=True)
    edges = probabilities(Edges(stay, begin, inside, end))
    labels = edges.begin + edges.inside + edges.end + edges.stay * np.exp(single - stay)
    arrivals, opened = best_arrivals(Edges(alone.max(axis=0, keepdims=True), begin, inside, end))

    chosen = alone.argmax(axis=0)
    spans: dict[Layer, list[TaggedSpan]] = {}
    probability: dict[Layer, NDArray[np.float32]] = {}
    for column, layer in enumerate(LAYERS[places.start : places.stop]):
        probability[layer] = labels[: len(layer.labels), :, column].T.astype(np.float32)
        found = _spans(arrivals[:, column], opened[: len(layer.labels), :, column], chosen[:, column])
        covered = np.cumsum([0.0, *labels[:, :, column].sum(axis=0)])
        spans[layer] = [
            TaggedSpan(layer, label, first, last, float((covered[last + 1] - covered[first]) / (last + 1 - first)))
            for label, first, last in found
        ]
    return Tagging(spans, probability)


def _spans(arrivals: NDArray[np.int64], opened: NDArray[np.bool_], alone: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Follow the best path of one layer back from its end, from span to span; return (label, first, last) of each.

    Args:
        arrivals: How the path that is closed behind each token got there, see `best_arrivals`.
        opened: Whether the path that is open with each label behind each token was closed before it.
        alone: For each token, 0 if it is outside should the text stay closed there, else 1 + the label of its single.
    """
    ends = np.flatnonzero(arrivals).tolist()
    begins = [np.flatnonzero(of_label).tolist() for of_label in opened]
    spans: list[tuple[int, int, int]] = []
    token = len(arrivals)
    while place := bisect_right(ends, token - 1):
        last = ends[place - 1]
        label = int(arrivals[last]) - 1
        token = begins[label][bisect_right(begins[label], last - 1) - 1]
        spans.append((label, token, last))
    singles = alone.copy()
    for _, first, last in spans:
        singles[first : last + 1] = 0
    spans += [(int(singles[token]) - 1, token, token) for token in np.flatnonzero(singles).tolist()]
    return sorted(spans, key=lambda span: span[1])
