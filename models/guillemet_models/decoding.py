"""Tag scores -> the likeliest consistent spans of each layer, with probabilities. numpy only.

In a layer of K labels a text is, behind each token, either outside of all spans ("closed") or inside one that goes on ("open" with
a label). A begin opens, an end closes, a single and an outside stay closed, an inside stays open: the states of the scheme are the
edges of this automaton of K + 1 nodes, which makes the exact sums and maxima small.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guillemet_models.scheme import BEGIN, END, INSIDE, LAYERS, OUTSIDE, SINGLE, STATES_PER_LABEL, Layer

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


def decode(scores: NDArray[np.float32], bias: dict[str, float] | None = None) -> Tagging:
    """Return the best spans of each layer.

    Args:
        scores: ``(n, len(LAYERS), MAX_STATES)``.
        bias: Added to the score of "outside" of the named layers: below 0 finds more spans, above 0 fewer.
    """
    spans: dict[Layer, list[TaggedSpan]] = {}
    inside: dict[Layer, NDArray[np.float32]] = {}
    for index, layer in enumerate(LAYERS):
        own = scores[:, index, : layer.states].astype(np.float64)
        own[:, OUTSIDE] += (bias or {}).get(layer.name, 0.0)
        edges = _Edges(own)
        inside[layer] = edges.label_marginals().astype(np.float32)
        covered = inside[layer].sum(1)
        spans[layer] = [
            TaggedSpan(layer, label, first, last, float(covered[first : last + 1].mean()))
            for label, first, last in edges.best_spans()
        ]
    return Tagging(spans, inside)


class _Edges:
    """The automaton of one layer over one text; node 0 is "closed", node 1 + k "open with label k"."""

    def __init__(self, scores: NDArray[np.float64]) -> None:
        """Take ``(n, states)`` scores."""
        self.length = len(scores)
        labels = (scores.shape[1] - 1) // STATES_PER_LABEL
        parts = scores[:, 1:].reshape(self.length, labels, STATES_PER_LABEL)
        self.nodes = labels + 1
        self.stay_closed = np.concatenate([scores[:, :1], parts[:, :, SINGLE]], axis=1)  # (n, 1 + labels)
        self.log_weights = np.full((self.length, self.nodes, self.nodes), _IMPOSSIBLE)  # from, to
        self.log_weights[:, 0, 0] = np.logaddexp.reduce(self.stay_closed, axis=1)
        self.log_weights[:, 0, 1:] = parts[:, :, BEGIN]
        self.log_weights[:, 1:, 0] = parts[:, :, END]
        own = np.arange(1, self.nodes)
        self.log_weights[:, own, own] = parts[:, :, INSIDE]

    def label_marginals(self) -> NDArray[np.float64]:
        """Return ``(n, labels)``: the probability that a token lies in a span of each label."""
        weights = np.exp(self.log_weights - self.log_weights.max(axis=(1, 2), keepdims=True))
        forward = np.zeros((self.length + 1, self.nodes))
        forward[0, 0] = 1.0
        for step in range(self.length):
            message = forward[step] @ weights[step]
            forward[step + 1] = message / message.sum()
        backward = np.zeros((self.length + 1, self.nodes))
        backward[-1, 0] = 1.0
        for step in range(self.length - 1, -1, -1):
            message = weights[step] @ backward[step + 1]
            backward[step] = message / message.sum()
        joint = forward[:-1, :, None] * weights * backward[1:, None, :]  # (n, from, to)
        joint /= joint.sum(axis=(1, 2), keepdims=True)
        singles = joint[:, 0, 0, None] * np.exp(self.stay_closed[:, 1:] - self.log_weights[:, 0, 0, None])
        own = np.arange(1, self.nodes)
        marginals: NDArray[np.float64] = joint[:, 0, 1:] + joint[:, 1:, 0] + joint[:, own, own] + singles
        return marginals

    def best_spans(self) -> list[tuple[int, int, int]]:
        """Return (label, first, last) of the spans of the likeliest sequence."""
        weights = self.log_weights.copy()
        weights[:, 0, 0] = self.stay_closed.max(axis=1)
        score = np.full(self.nodes, _IMPOSSIBLE)
        score[0] = 0.0
        came_from = np.zeros((self.length, self.nodes), dtype=np.int64)
        for step in range(self.length):
            reached = score[:, None] + weights[step]
            came_from[step] = reached.argmax(axis=0)
            score = reached.max(axis=0)
        spans: list[tuple[int, int, int]] = []
        node, last = 0, self.length - 1
        for step in range(self.length - 1, -1, -1):
            before = int(came_from[step, node])
            if node == 0 and before > 0:
                last = step  # an end
            if before == 0 and node > 0:
                spans.append((node - 1, step, last))  # its begin
            if before == 0 and node == 0:
                single = int(self.stay_closed[step].argmax())
                if single:
                    spans.append((single - 1, step, step))
            node = before
        return spans[::-1]
