"""The best path through each layer's scores (Viterbi 1967), by the few tokens at which a span may begin or end. numpy only.

All is counted as what a path gains beside the one on which the text stays closed. No span that gains nothing by itself is on
the best path, so that most tokens can be left out of what is done one after the other.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_Path: TypeAlias = "tuple[_Path, int, int, int] | None"  # what comes before; label, first and last token of the last span


class _Opened(NamedTuple):
    """The best way for a span of some label to be open: its gain but for the tokens since its first."""

    gain: float
    first: int
    before: _Path


def best_spans(
    alone: Array, begin: Array, inside: Array, end: Array, n_labels: Sequence[int]
) -> list[list[tuple[int, int, int]]]:
    """Return, for each layer, (label, first, last) of the spans of more than one token on its best path, in order.

    Args:
        alone: ``(tokens, layers)``, score of each token if the text stays closed there.
        begin: ``(labels, tokens, layers)``, if a span of the label begins there.
        inside: ``(labels, tokens, layers)``, if one goes on there.
        end: ``(labels, tokens, layers)``, if one ends there.
        n_labels: ``(layers,)``, how many labels each has.
    """
    layer_of = np.repeat(np.arange(len(n_labels)), n_labels)
    label_of = np.concatenate([np.arange(number) for number in n_labels])
    alone = alone.T[layer_of]  # (labels of all layers, tokens), as all that follows
    begin, inside, end = (scores[label_of, :, layer_of] for scores in (begin, inside, end))
    # What a span gains is the sum of what opening it and closing it do: the tokens between are in the difference.
    through = np.cumsum(inside - alone, axis=1, dtype=np.float64)
    opening, closing = begin - alone - through, (end - alone).astype(np.float64)
    closing[:, 1:] += through[:, :-1]
    best_opening = np.maximum.accumulate(opening, axis=1)
    best_closing = np.maximum.accumulate(closing[:, ::-1], axis=1)[:, ::-1]
    gains = np.zeros(opening.shape, dtype=bool)
    gains[:, :-1] = opening[:, :-1] + best_closing[:, 1:] > 0
    gains[:, 1:] |= closing[:, 1:] + best_opening[:, :-1] > 0
    rows, tokens = gains.nonzero()
    order = np.lexsort((rows, tokens, layer_of[rows]))
    rows, tokens = rows[order], tokens[order]
    events = (tokens, label_of[rows], opening[rows, tokens], closing[rows, tokens])
    bounds = np.searchsorted(layer_of[rows], np.arange(len(n_labels) + 1)).tolist()
    return [_best_of(*(event[first:behind].tolist() for event in events)) for first, behind in pairwise(bounds)]


def _best_of(
    tokens: Sequence[int], labels: Sequence[int], opening: Sequence[float], closing: Sequence[float]
) -> list[tuple[int, int, int]]:
    """Return the spans on the best path of a layer, by where, in order, one of which label may begin or end with what gain."""
    gain, path = 0.0, None
    gain_before, path_before, token_before = 0.0, None, -1
    opened: dict[int, _Opened] = {}
    for token, label, to_open, to_close in zip(tokens, labels, opening, closing, strict=True):
        if token != token_before:
            gain_before, path_before, token_before = gain, path, token
        known = opened.get(label)
        if known is not None and known.gain + to_close > gain:
            gain, path = known.gain + to_close, (known.before, label, known.first, token)
        if known is None or gain_before + to_open > known.gain:
            opened[label] = _Opened(gain_before + to_open, token, path_before)
    spans = []
    while path is not None:
        path, label, first, last = path
        spans.append((label, first, last))
    return spans[::-1]
