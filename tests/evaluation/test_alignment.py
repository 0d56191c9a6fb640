"""Quotations are aligned one to one, so that together they overlap the most, whichever side is called gold."""

from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guillemet_client import Span
from guillemet_evaluation.alignment import Content, align

Bounds: TypeAlias = tuple[int, int]

slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def contents(*bounds: Bounds | list[Bounds], type: str = "direct") -> list[Content]:
    return [Content(tuple(Span(*it) for it in ([one] if isinstance(one, tuple) else one)), type) for one in bounds]


def indices(gold: list[Content], predicted: list[Content]) -> list[tuple[int, int]]:
    return [(pair.gold, pair.predicted) for pair in align(gold, predicted)]


def test_the_overlap_is_that_of_characters() -> None:
    [pair] = align(contents([(0, 10), (20, 30)]), contents((5, 25)))

    assert (pair.shared, pair.gold_length, pair.predicted_length) == (10, 20, 20)
    assert pair.iou == 10 / 30


def test_the_best_alignment_is_not_the_greedy_one() -> None:
    # Taken first, the larger overlap of the first prediction with the first gold quotation would leave the second without one.
    gold = contents((0, 10), (10, 16))
    predicted = contents((1, 16), (0, 9))

    assert indices(gold, predicted) == [(0, 1), (1, 0)]


def test_what_shares_no_character_is_not_aligned() -> None:
    assert indices(contents((0, 10)), contents((10, 20))) == []
    assert indices([], contents((10, 20))) == indices(contents((10, 20)), []) == []


def test_of_equal_overlaps_the_one_of_the_same_type_is_taken() -> None:
    gold = contents((0, 10), type="direct") + contents((0, 10), type="indirect")

    assert indices(gold, contents((0, 10), type="indirect")) == [(1, 0)]
    assert indices(gold[::-1], contents((0, 10), type="indirect")) == [(0, 0)]


def test_the_type_does_not_outweigh_a_character() -> None:
    gold = contents((0, 999), type="direct") + contents((0, 1000), type="indirect")

    assert indices(gold, contents((0, 1000), type="direct")) == [(1, 0)]


def test_of_the_same_content_and_type_the_one_with_the_same_source_is_taken() -> None:
    gold = [Content((Span(0, 10),), "direct", source) for source in ((20, 25), (30, 35))]

    assert indices(gold, [Content((Span(0, 10),), "direct", (30, 35))]) == [(1, 0)]


@st.composite
def sides(draw: st.DrawFn) -> list[Content]:
    bounds = st.lists(st.integers(0, 20), min_size=2, max_size=4, unique=True).map(sorted)
    drawn = [(list(zip(found[::2], found[1::2], strict=False))) for found in draw(st.lists(bounds, max_size=5))]
    types = st.sampled_from(["direct", "indirect"])
    return [Content(tuple(Span(*it) for it in spans), draw(types)) for spans in drawn]


@slowly
@given(sides(), sides())
def test_exchanging_the_sides_exchanges_the_pairs(gold: list[Content], predicted: list[Content]) -> None:
    assert sorted(indices(gold, predicted)) == sorted((one, other) for other, one in indices(predicted, gold))


@slowly
@given(sides(), sides())
def test_an_alignment_is_one_to_one(gold: list[Content], predicted: list[Content]) -> None:
    found = indices(gold, predicted)

    assert len({one for one, _ in found}) == len({other for _, other in found}) == len(found)
