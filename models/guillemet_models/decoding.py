"""Tag scores -> the likeliest consistent spans of each layer, with probabilities. numpy only.

In a layer of K labels a text is, behind each token, either outside of all spans ("closed") or inside one that goes on ("open"
with a label). A begin opens, an end closes, a single and an outside stay closed, an inside stays open: the states of the scheme
are the edges of this automaton of K + 1 nodes, which makes exact sums and maxima small.
"""

from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from guillemet_models.forward_backward import Edges, probabilities
from guillemet_models.scheme import BEGIN, END, INSIDE, LAYERS, SINGLE, STATES_PER_LABEL, Layer
from guillemet_models.viterbi import best_spans

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
    highest = alone.max(axis=0)

    stay = highest + np.log(np.exp(alone - highest).sum(axis=0, keepdims=True))
    edges = probabilities(Edges(stay, begin, inside, end))
    labels = edges.begin + edges.inside + edges.end + edges.stay * np.exp(single - stay)
    covered = np.zeros((len(scores) + 1, len(places)))
    labels.sum(axis=0).cumsum(axis=0, dtype=np.float64, out=covered[1:])

    chosen = alone.argmax(axis=0)
    layers = LAYERS[places.start : places.stop]
    longer = best_spans(highest, begin, inside, end, [len(layer.labels) for layer in layers])
    spans: dict[Layer, list[TaggedSpan]] = {}
    probability: dict[Layer, NDArray[np.float32]] = {}
    for column, layer in enumerate(layers):
        own = slice(len(layer.labels)), slice(None), column
        probability[layer] = labels[own].T
        found = longer[column]
        whole, singles = covered[:, column].tolist(), chosen[:, column]
        for _, first, last in found:
            singles[first : last + 1] = 0
        found += [(int(singles[token]) - 1, token, token) for token in np.flatnonzero(singles).tolist()]
        spans[layer] = [
            TaggedSpan(layer, label, first, last, (whole[last + 1] - whole[first]) / (last + 1 - first))
            for label, first, last in sorted(found, key=itemgetter(1))
        ]
    return Tagging(spans, probability)
