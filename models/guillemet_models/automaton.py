"""Sums and maxima over all paths of small automata, in far fewer steps than a text has tokens. numpy only.

For some labels, an automaton has the node "closed" and a node "open" for each label, tied to closed and to itself only. A text
is cut into about as many blocks as each has tokens. First all blocks are crossed at once, from each node they may be entered
by; then one after the other, now that it is known what crossing each comes to; then all at once again, now that it is known how
each is entered. The automata of all layers go side by side.
"""

from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Edges(NamedTuple):
    """Weights of the edges at each token, ``(labels, tokens, layers)``: a path's is their sum, or the exponential of that."""

    stay: Array  # closed -> closed, (1, tokens, layers)
    begin: Array  # closed -> open
    inside: Array  # open -> open
    end: Array  # open -> closed


class _Ring(NamedTuple):
    """How paths are joined (`plus`) and made longer (`times`)."""

    plus: np.ufunc
    times: np.ufunc
    zero: float
    one: float


_SUM = _Ring(np.add, np.multiply, 0.0, 1.0)
_MAXIMUM = _Ring(np.maximum, np.add, -np.inf, 0.0)
# The least logarithm of a weight beside the largest of its token: two of them multiplied are still more than nothing, so that
# something arrives everywhere, however sure the scores are.
_LEAST = -40.0


class _Blocks(NamedTuple):
    """Edges as they are stepped through, ``(steps, labels or nodes, 1, layers * blocks)``."""

    to_closed: Array  # from each node, closed first
    begin: Array
    inside: Array
    number: int
    ring: _Ring

    @classmethod
    def cut(cls, edges: Edges, ring: _Ring) -> "_Blocks":
        """Cut edges into blocks; behind the last token come steps without effect."""
        tokens, layers = edges.stay.shape[1:]
        steps = ceil(sqrt(tokens))
        number = ceil(tokens / steps)

        def by_step(part: Array, filler: float) -> Array:
            whole = np.full((len(part), number * steps, layers), filler, np.float32)
            whole[:, :tokens] = part
            by_block = whole.reshape(-1, number, steps, layers)
            return by_block.transpose(2, 0, 3, 1).reshape(steps, len(part), 1, -1)

        stay, begin, inside, end = (
            by_step(*pair) for pair in zip(edges, (ring.one, ring.zero, ring.one, ring.zero), strict=True)
        )
        return cls(np.concatenate([stay, end], axis=1), begin, inside, number, ring)

    def reversed(self) -> "_Blocks":
        """Return the blocks as they are stepped through from behind."""
        to_closed = np.concatenate([self.to_closed[:, :1], self.begin], axis=1)
        return self._replace(to_closed=to_closed[::-1], begin=self.to_closed[::-1, 1:], inside=self.inside[::-1])

    def step(self, message: Array, step: int) -> Array:
        """Return the message behind a step, ``(nodes, …)``, closed first."""
        plus, times, _, _ = self.ring
        behind = np.empty_like(message)
        plus.reduce(times(message, self.to_closed[step]), axis=0, out=behind[0])
        times(message[:1], self.begin[step], out=behind[1:])
        plus(behind[1:], times(message[1:], self.inside[step]), out=behind[1:])
        return behind


def best_arrivals(edges: Edges) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return how the best path from the begin of the text to each node behind each token got there.

    Returns:
        For closed, ``(tokens, layers)``: 0 if it was closed, 1 + label if it was open.
        For open, ``(labels, tokens, layers)``: whether it was closed.
    """
    blocks = _Blocks.cut(edges, _MAXIMUM)
    before = _in_order(_messages(blocks, _entered(_crossed(blocks), np.maximum, blocks.number)), blocks.number, edges)
    closed, opened = before[:1], before[1:]
    arrivals = np.concatenate([closed + edges.stay, opened + edges.end]).argmax(axis=0)
    return arrivals, closed + edges.begin >= opened + edges.inside


def probabilities(edges: Edges) -> Edges:
    """Return the probability of each edge: of all the paths that begin and end closed, the share of those that take it."""
    highest = np.concatenate(edges).max(axis=0)
    weights = Edges(*(np.exp(np.maximum(part - highest, _LEAST)) for part in edges))
    blocks = _Blocks.cut(weights, _SUM)
    crossed = _crossed(blocks)
    entered = _entered(crossed, np.logaddexp, blocks.number)
    left = _entered(crossed.swapaxes(0, 1)[..., ::-1], np.logaddexp, blocks.number)[..., ::-1]
    before = _in_order(_messages(blocks, _shares(entered)), blocks.number, edges)
    behind = _in_order(_messages(blocks.reversed(), _shares(left))[::-1], blocks.number, edges)
    found = Edges(
        before[:1] * weights.stay * behind[:1],
        before[:1] * weights.begin * behind[1:],
        before[1:] * weights.inside * behind[1:],
        before[1:] * weights.end * behind[:1],
    )
    whole = np.concatenate(found).sum(axis=0)
    return Edges(*(part / whole for part in found))


def _crossed(blocks: _Blocks) -> Array:
    """Return what the paths through each block add up to, ``(node behind, node before, layers * blocks)``, as a logarithm."""
    steps, nodes, _, width = blocks.to_closed.shape
    message = np.full((nodes, nodes, width), blocks.ring.zero, np.float32)
    message[range(nodes), range(nodes)] = blocks.ring.one
    if blocks.ring is _MAXIMUM:
        for step in range(steps):
            message = blocks.step(message, step)
        return message
    sizes = np.empty((steps, nodes, width), np.float32)
    for step in range(steps):
        message = blocks.step(message, step)
        message.max(axis=0, out=sizes[step])
        message /= sizes[step]
    with np.errstate(divide="ignore"):
        logarithms: Array = np.log(message) + np.log(sizes).sum(axis=0)
    return logarithms


def _entered(crossed: Array, plus: np.ufunc, number: int) -> Array:
    """Return what arrives at each node before each block, ``(nodes, 1, layers * blocks)``: before the first, at closed only."""
    nodes = len(crossed)
    crossed = crossed.reshape(nodes, nodes, -1, number)
    entered = np.full((nodes, crossed.shape[2], number), -np.inf, np.float32)
    entered[0, :, 0] = 0.0
    for block in range(1, number):
        arriving = plus.reduce(crossed[..., block - 1] + entered[..., block - 1], axis=1)
        # Only differences matter; kept near zero they stay exact, however long the text.
        np.subtract(arriving, arriving.max(axis=0), out=entered[..., block])
    return entered.reshape(nodes, 1, -1)


def _shares(logarithms: Array) -> Array:
    shares: Array = np.exp(logarithms - logarithms.max(axis=0))
    return shares


def _messages(blocks: _Blocks, entered: Array) -> Array:
    """Return what arrives at each node before each step, ``(steps, nodes, 1, layers * blocks)``."""
    messages = np.empty((len(blocks.begin), *entered.shape), np.float32)
    messages[0] = entered
    for step in range(1, len(messages)):
        message = blocks.step(messages[step - 1], step - 1)
        messages[step] = message / message.max(axis=0) if blocks.ring is _SUM else message
    return messages


def _in_order(messages: Array, number: int, edges: Edges) -> Array:
    """Return messages as ``(nodes, tokens, layers)``."""
    steps, nodes = messages.shape[:2]
    tokens, layers = edges.stay.shape[1:]
    return messages.reshape(steps, nodes, layers, number).transpose(1, 3, 0, 2).reshape(nodes, -1, layers)[:, :tokens]
