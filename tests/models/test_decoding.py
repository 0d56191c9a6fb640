"""The likeliest spans and the probabilities, against a sum over every sequence there is."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from guillemet_models.decoding import decode
from guillemet_models.scheme import (
    BEGIN,
    CONTENT,
    END,
    INSIDE,
    LAYERS,
    MAX_STATES,
    NESTED,
    OUTSIDE,
    SINGLE,
    STATES_PER_LABEL,
    Layer,
    allowed_transitions,
)

LENGTH = 4
SMALL_LAYERS = [layer for layer in LAYERS if layer.states <= 13]


def sequences(states: int, length: int, before: int = OUTSIDE) -> Iterator[tuple[int, ...]]:
    """Yield every valid sequence: it may follow "outside", and "outside" may follow it."""
    allowed = allowed_transitions()
    if length == 0:
        if allowed[before, OUTSIDE]:
            yield ()
        return
    for state in range(states):
        if allowed[before, state]:
            for rest in sequences(states, length - 1, state):
                yield (state, *rest)


def spans_of(sequence: tuple[int, ...]) -> list[tuple[int, int, int]]:
    spans, first = [], 0
    for token, state in enumerate(sequence):
        label, part = divmod(state - 1, STATES_PER_LABEL)
        if state != OUTSIDE and part in {BEGIN, SINGLE}:
            first = token
        if state != OUTSIDE and part in {END, SINGLE}:
            spans.append((label, first, token))
    return spans


def random_scores(seed: int, length: int = LENGTH) -> NDArray[np.float32]:
    scores = np.random.default_rng(seed).normal(scale=2.0, size=(length, len(LAYERS), MAX_STATES)).astype(np.float32)
    for index, layer in enumerate(LAYERS):
        scores[:, index, layer.states :] = -1e4
    return scores


def weights(scores: NDArray[np.float32], layer: Layer) -> dict[tuple[int, ...], float]:
    own = scores[:, LAYERS.index(layer)].astype(np.float64)
    return {sequence: sum(own[i, state] for i, state in enumerate(sequence)) for sequence in sequences(layer.states, len(own))}


@pytest.mark.parametrize("layer", SMALL_LAYERS, ids=lambda layer: layer.name)
@pytest.mark.parametrize("seed", range(5))
def test_the_best_spans_are_those_of_the_best_of_all_sequences(layer: Layer, seed: int) -> None:
    scores = random_scores(seed)
    all_weights = weights(scores, layer)
    best = max(all_weights, key=lambda sequence: all_weights[sequence])

    found = decode(scores).spans[layer]

    assert [(span.label, span.first, span.last) for span in found] == spans_of(best)
    assert all(span.layer is layer for span in found)


@pytest.mark.parametrize("layer", SMALL_LAYERS, ids=lambda layer: layer.name)
@pytest.mark.parametrize("seed", range(3))
def test_a_label_is_as_probable_as_the_sequences_that_hold_it(layer: Layer, seed: int) -> None:
    scores = random_scores(seed)
    expected = np.zeros((LENGTH, len(layer.labels)))
    all_weights = weights(scores, layer)
    highest = max(all_weights.values())
    total = sum(np.exp(weight - highest) for weight in all_weights.values())
    for sequence, weight in all_weights.items():
        for token, state in enumerate(sequence):
            if state != OUTSIDE:
                expected[token, (state - 1) // STATES_PER_LABEL] += np.exp(weight - highest) / total

    tagging = decode(scores)

    np.testing.assert_allclose(tagging.inside[layer], expected, atol=1e-6)
    for span in tagging.spans[layer]:
        assert span.probability == pytest.approx(expected[span.first : span.last + 1].sum(1).mean(), abs=1e-6)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_short_texts_are_decoded_exactly(length: int) -> None:
    scores = random_scores(7, length)
    tagging = decode(scores)

    for layer in SMALL_LAYERS:
        all_weights = weights(scores, layer)
        best = max(all_weights, key=lambda sequence: all_weights[sequence])
        assert [(span.label, span.first, span.last) for span in tagging.spans[layer]] == spans_of(best)


@pytest.mark.parametrize("parts", [1, 5, 40])
def test_a_text_is_read_as_its_parts_where_nothing_goes_on_from_one_to_the_next(parts: int) -> None:
    certainly_outside = np.full((1, len(LAYERS), MAX_STATES), -60.0, dtype=np.float32)
    certainly_outside[..., OUTSIDE] = 60.0
    pieces = [np.concatenate([random_scores(seed, 1 + seed % 23), certainly_outside]) for seed in range(parts)]
    alone = [decode(piece) for piece in pieces]
    begins = np.cumsum([0, *(len(piece) for piece in pieces)])

    together = decode(np.concatenate(pieces))

    for layer in LAYERS:
        np.testing.assert_allclose(together.inside[layer], np.concatenate([it.inside[layer] for it in alone]), atol=1e-6)
        assert [(span.label, span.first, span.last) for span in together.spans[layer]] == [
            (span.label, begin + span.first, begin + span.last)
            for begin, it in zip(begins.tolist(), alone, strict=False)
            for span in it.spans[layer]
        ]


def test_spans_of_a_layer_are_disjoint_and_in_order_in_a_long_text() -> None:
    tagging = decode(random_scores(3, 500))

    for layer in LAYERS:
        spans = tagging.spans[layer]
        assert spans
        assert all(span.first <= span.last for span in spans)
        assert all(before.last < after.first for before, after in itertools.pairwise(spans))
        assert np.isfinite(tagging.inside[layer]).all()
        assert ((tagging.inside[layer] >= 0) & (tagging.inside[layer].sum(1, keepdims=True) <= 1 + 1e-5)).all()


def test_extreme_scores_leave_probabilities_finite() -> None:
    for seed in range(20):
        tagging = decode(random_scores(seed, 50) * 200.0)
        assert all(np.isfinite(tagging.inside[layer]).all() for layer in LAYERS)


def test_the_bonus_of_a_layer_moves_that_layer_only() -> None:
    scores = random_scores(2, 60)

    fewer, plain, more = (decode(scores, {"content": bonus}) for bonus in (-50.0, 0.0, 50.0))

    assert not fewer.spans[CONTENT]
    assert plain.spans[CONTENT]
    assert len(more.spans[CONTENT]) == len(scores)
    assert fewer.spans[NESTED] == plain.spans[NESTED] == more.spans[NESTED]


def test_the_bonus_of_a_label_moves_that_label_only() -> None:
    scores = random_scores(2, 60)
    scores[:, :, 1 + STATES_PER_LABEL :] = -1e4  # spans of the first label are the likelier
    scores[:, LAYERS.index(CONTENT), 1 + STATES_PER_LABEL : 1 + 2 * STATES_PER_LABEL] = -3.0
    second = CONTENT.labels[1]

    plain, more = decode(scores), decode(scores, {f"content.{second}": 50.0})

    assert {span.label for span in plain.spans[CONTENT]} == {0}
    assert {span.label for span in more.spans[CONTENT]} == {1}
    assert plain.spans[NESTED] == more.spans[NESTED]


def test_a_span_begins_and_ends_or_stands_alone() -> None:
    allowed = allowed_transitions()
    begin, inside, end, single = (1 + part for part in (BEGIN, INSIDE, END, SINGLE))
    other_label = STATES_PER_LABEL

    assert allowed[[OUTSIDE, end, single]][:, [OUTSIDE, begin, single]].all()
    assert allowed[[begin, inside]][:, [inside, end]].all()
    assert not allowed[[OUTSIDE, end, single]][:, [inside, end]].any()
    assert not allowed[[begin, inside]][:, [OUTSIDE, begin, single]].any()
    assert not allowed[[begin, inside]][:, [inside + other_label, end + other_label]].any()


def test_a_long_text_is_decoded_as_its_parts_are() -> None:
    part = random_scores(3, length=1500)
    part[[0, -1]] = -1e4
    part[[0, -1], :, OUTSIDE] = 0.0  # in no span: what stands before and behind has no say
    repetitions = 25
    alone, together = decode(part), decode(np.tile(part, (repetitions, 1, 1)))

    for layer in LAYERS:
        begins = [len(part) * repetition for repetition in range(repetitions)]
        shifted = [(span.label, span.first + begin, span.last + begin) for begin in begins for span in alone.spans[layer]]
        assert [(span.label, span.first, span.last) for span in together.spans[layer]] == shifted
        # float32: a probability is known to a few millionths.
        np.testing.assert_allclose(together.inside[layer], np.tile(alone.inside[layer], (repetitions, 1)), atol=5e-6)
