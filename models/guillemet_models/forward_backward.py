"""Sums over all paths of small automata (Rabiner 1989), in far fewer steps than a text has tokens. numpy only.

For some labels, an automaton has the node "closed" and a node "open" for each label, tied to closed and to itself only. A text
is cut into about as many blocks as each has tokens. First all blocks are crossed at once, from each node they may be entered
by; then one after the other, now that it is known what crossing each comes to; then all at once again, now that it is known how
each is entered. The automata of all layers go side by side, and so do, where they can, the ways forward and backward.
"""

from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# The least logarithm of a weight beside the largest of its token: two of them multiplied are still more than nothing, so that
# something arrives everywhere, however sure the scores are.
_LEAST = -40.0
# And of what crossing a block comes to, which is counted in float64.
_LEAST_SHARE = -600.0


class Edges(NamedTuple):
    """Weights of the edges at each token, ``(labels, tokens, layers)``: a path's is the exponential of their sum."""

    stay: Array  # closed -> closed, (1, tokens, layers)
    begin: Array  # closed -> open
    inside: Array  # open -> open
    end: Array  # open -> closed


class _Blocks(NamedTuple):
    """Edges as they are stepped through, ``(steps, labels or nodes, 1, layers * blocks)``."""

    to_closed: Array  # from each node, closed first
    begin: Array
    inside: Array

    @classmethod
    def cut(cls, edges: Edges, steps: int, number: int) -> "_Blocks":
        """Cut edges into blocks; behind the last token come steps without effect."""
        tokens, layers = edges.stay.shape[1:]

        def by_step(part: Array, filler: float) -> Array:
            whole = np.full((len(part), number * steps, layers), filler, np.float32)
            whole[:, :tokens] = part
            by_block = whole.reshape(-1, number, steps, layers)
            return by_block.transpose(2, 0, 3, 1).reshape(steps, len(part), 1, -1)

        stay, begin, inside, end = (by_step(*pair) for pair in zip(edges, (1.0, 0.0, 1.0, 0.0), strict=True))
        return cls(np.concatenate([stay, end], axis=1), begin, inside)

    def with_reversed(self) -> "_Blocks":
        """Return, side by side, the blocks and the same as they are stepped through from behind."""
        to_closed = np.concatenate([self.to_closed[:, :1], self.begin], axis=1)
        backward = (to_closed[::-1], self.to_closed[::-1, 1:], self.inside[::-1])
        return _Blocks(*(np.concatenate(parts, axis=-1) for parts in zip(self, backward, strict=True)))

    def step(self, message: Array, step: int) -> Array:
        """Return the message behind a step, ``(nodes, …)``, closed first."""
        behind = np.empty_like(message)
        np.add.reduce(message * self.to_closed[step], axis=0, out=behind[0])
        np.multiply(message[:1], self.begin[step], out=behind[1:])
        behind[1:] += message[1:] * self.inside[step]
        return behind


def probabilities(edges: Edges) -> Edges:
    """Return the probability of each edge: of all the paths that begin and end closed, the share of those that take it."""
    tokens, layers = edges.stay.shape[1:]
    steps = ceil(sqrt(tokens))
    number = ceil(tokens / steps)
    highest = np.concatenate(edges).max(axis=0)
    weights = Edges(*(np.exp(np.maximum(part - highest, _LEAST)) for part in edges))
    blocks = _Blocks.cut(weights, steps, number)
    crossed = _crossed(blocks)
    # Backward, nodes change their parts and blocks their order.
    crossed_too = crossed.swapaxes(0, 1)[..., ::-1]
    forward, backward = np.split(_entered(np.concatenate([crossed, crossed_too], axis=-1), number), 2, axis=-1)
    before, behind = np.split(_messages(blocks.with_reversed(), np.concatenate([forward, backward[..., ::-1]], axis=-1)), 2, -1)

    def in_order(messages: Array) -> Array:
        """Return ``(nodes, tokens, layers)``."""
        by_layer = messages.reshape(steps, -1, layers, number)
        return by_layer.transpose(1, 3, 0, 2).reshape(len(crossed), -1, layers)[:, :tokens]

    before, behind = in_order(before), in_order(behind[::-1])
    found = Edges(
        before[:1] * weights.stay * behind[:1],
        before[:1] * weights.begin * behind[1:],
        before[1:] * weights.inside * behind[1:],
        before[1:] * weights.end * behind[:1],
    )
    whole = sum(part.sum(axis=0) for part in found)
    return Edges(*(part / whole for part in found))


def _crossed(blocks: _Blocks) -> Array:
    """Return what the paths through each block add up to, ``(node behind, node before, layers * blocks)``, as a logarithm."""
    steps, nodes, _, width = blocks.to_closed.shape
    message = np.zeros((nodes, nodes, width), np.float32)
    message[range(nodes), range(nodes)] = 1.0
    sizes = np.empty((steps, nodes, width), np.float32)
    for step in range(steps):
        message = blocks.step(message, step)
        message.max(axis=0, out=sizes[step])
        message /= sizes[step]
    with np.errstate(divide="ignore"):
        logarithms: Array = np.log(message) + np.log(sizes).sum(axis=0)
    return logarithms


def _entered(crossed: Array, number: int) -> Array:
    """Return what arrives at each node before each block, ``(nodes, 1, layers * blocks)``: before the first, at closed only."""
    nodes = len(crossed)
    # Only differences matter, in a block and from one to the next: kept near one they stay exact, however long the text.
    shares = np.exp(np.maximum(crossed - crossed.max(axis=(0, 1)), _LEAST_SHARE), dtype=np.float64)
    by_block = shares.reshape(nodes, nodes, -1, number).transpose(3, 2, 0, 1)
    entered = np.zeros((number, by_block.shape[1], nodes, 1))
    entered[0, :, 0] = 1.0
    for block in range(1, number):
        arriving = by_block[block - 1] @ entered[block - 1]
        np.divide(arriving, arriving.max(axis=1, keepdims=True), out=entered[block])
    return entered.astype(np.float32).transpose(2, 3, 1, 0).reshape(nodes, 1, -1)


def _messages(blocks: _Blocks, entered: Array) -> Array:
    """Return what arrives at each node before each step, ``(steps, nodes, 1, layers * blocks)``."""
    messages = np.empty((len(blocks.begin), *entered.shape), np.float32)
    messages[0] = entered
    for step in range(1, len(messages)):
        message = blocks.step(messages[step - 1], step - 1)
        np.divide(message, message.max(axis=0), out=messages[step])
    return messages
