"""Tag scores -> the likeliest consistent spans of each layer, with probabilities. numpy only.

In a layer of K labels a text is, behind each token, either outside of all spans ("closed") or inside one that goes on ("open"
with a label). A begin opens, an end closes, a single and an outside stay closed, an inside stays open: the states of the scheme
are the edges of this automaton of K + 1 nodes, which makes the exact sums and maxima small.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guillemet_models.scheme import BEGIN, END, INSIDE, LAYERS, SINGLE, STATES_PER_LABEL, Layer

_IMPOSSIBLE = -1e4


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
        bonus: Added to the score of each span of the named layers: above 0 finds more of them, below 0 fewer.
    """
    own = scores.astype(np.float64)
    for index, layer in enumerate(LAYERS):
        parts = own[:, index, 1:].reshape(len(own), -1, STATES_PER_LABEL)  # a view
        parts[..., [BEGIN, SINGLE]] += (bonus or {}).get(layer.name, 0.0)
    edges = _Edges(own)
    marginals, paths = edges.label_marginals(), edges.best_spans()
    spans: dict[Layer, list[TaggedSpan]] = {}
    inside: dict[Layer, NDArray[np.float32]] = {}
    for index, layer in enumerate(LAYERS):
        inside[layer] = marginals[:, index, : len(layer.labels)].astype(np.float32)
        covered = inside[layer].sum(1)
        spans[layer] = [
            TaggedSpan(layer, label, first, last, float(covered[first : last + 1].mean()))
            for label, first, last in paths[index]
        ]
    return Tagging(spans, inside)


class _Edges:
    """The automata of all layers over one text; node 0 is "closed", node 1 + k "open with label k".

    The layers go side by side through each step, which costs hardly more than one of them.
    """

    def __init__(self, scores: NDArray[np.float64]) -> None:
        """Take ``(n, layers, states)`` scores."""
        self.length, self.layers, states = scores.shape
        labels = (states - 1) // STATES_PER_LABEL
        parts = scores[:, :, 1:].reshape(self.length, self.layers, labels, STATES_PER_LABEL)
        self.nodes = labels + 1
        self.stay_closed = np.concatenate([scores[..., :1], parts[..., SINGLE]], axis=-1)  # (n, layers, 1 + labels)
        self.log_weights = np.full((self.length, self.layers, self.nodes, self.nodes), _IMPOSSIBLE)  # …, from, to
        self.log_weights[..., 0, 0] = np.logaddexp.reduce(self.stay_closed, axis=-1)
        self.log_weights[..., 0, 1:] = parts[..., BEGIN]
        self.log_weights[..., 1:, 0] = parts[..., END]
        own = np.arange(1, self.nodes)
        self.log_weights[..., own, own] = parts[..., INSIDE]

    def label_marginals(self) -> NDArray[np.float64]:
        """Return ``(n, layers, labels)``: the probability that a token lies in a span of each label."""
        weights = np.exp(self.log_weights - self.log_weights.max(axis=(2, 3), keepdims=True))
        forward = np.zeros((self.length + 1, self.layers, 1, self.nodes))
        forward[0, ..., 0] = 1.0
        for step in range(self.length):
            message = forward[step] @ weights[step]
            forward[step + 1] = message / message.sum(axis=-1, keepdims=True)
        backward = np.zeros((self.length + 1, self.layers, self.nodes, 1))
        backward[-1, :, 0] = 1.0
        for step in range(self.length - 1, -1, -1):
            message = weights[step] @ backward[step + 1]
            backward[step] = message / message.sum(axis=-2, keepdims=True)
        joint = forward[:-1].swapaxes(-1, -2) * weights * backward[1:].swapaxes(-1, -2)  # (n, layers, from, to)
        joint /= joint.sum(axis=(2, 3), keepdims=True)
        single = np.exp(self.stay_closed[..., 1:] - self.log_weights[..., 0, 0, None])
        own = np.arange(1, self.nodes)
        marginals: NDArray[np.float64] = (
            joint[..., 0, 1:] + joint[..., 1:, 0] + joint[..., own, own] + joint[..., 0, 0, None] * single
        )
        return marginals

    def best_spans(self) -> list[list[tuple[int, int, int]]]:
        """Return (label, first, last) of the spans of the likeliest sequence of each layer."""
        weights = self.log_weights.copy()
        weights[..., 0, 0] = self.stay_closed.max(axis=-1)
        score = np.full((self.layers, self.nodes), _IMPOSSIBLE)
        score[:, 0] = 0.0
        before = np.zeros((self.length, self.layers, self.nodes), dtype=np.int64)
        for step in range(self.length):
            reached = score[:, :, None] + weights[step]
            before[step] = reached.argmax(axis=1)
            score = reached.max(axis=1)
        alone = self.stay_closed.argmax(axis=-1)
        return [_spans(before[:, layer].tolist(), alone[:, layer].tolist()) for layer in range(self.layers)]


def _spans(before: list[list[int]], alone: list[int]) -> list[tuple[int, int, int]]:
    """Follow the best path of one layer back from its end.

    Args:
        before: For each token and node, the node behind the token before.
        alone: For each token, 0 if it is outside should the text stay closed there, else 1 + the label of its single.
    """
    spans: list[tuple[int, int, int]] = []
    node, last = 0, -1
    for token in range(len(before) - 1, -1, -1):
        came_from = before[token][node]
        if node == 0 and came_from:
            last = token
        elif node and came_from == 0:
            spans.append((node - 1, token, last))
        elif node == 0 and alone[token]:
            spans.append((alone[token] - 1, token, token))
        node = came_from
    return spans[::-1]
