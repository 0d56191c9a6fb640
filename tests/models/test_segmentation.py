"""What stands between marks, in texts whose marks are well set and in texts whose marks are not."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guillemet_models.segmentation import Boundary, Region, paragraphs, quoted_regions

PIECES = st.sampled_from(
    [*"«»“”„‹›\"\n\r –—-.,;:!?…'’", "\u00a0", "\u202f", "« ", " »", "mot", "Mot", "\n« ", "\n» ", "\n– ", "12"]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)


def marked(text: str) -> list[str]:
    return [region.span.of(text) for region in quoted_regions(text) if region.boundary is Boundary.MARKS]


def dashed(text: str) -> list[str]:
    return [region.span.of(text) for region in quoted_regions(text) if region.boundary is Boundary.DASH]


@pytest.mark.parametrize(
    "quoted",
    ["« Oui »", "«\u00a0Oui\u00a0»", "«\u202fOui\u202f»", "«Oui»", "“Oui”", '"Oui"', '" Oui "', "‹ Oui ›", "„Oui“"],
)
def test_each_style_of_marks_delimits_a_region_marks_included(quoted: str) -> None:
    text = f"Il a dit : {quoted}, puis rien."

    assert marked(text) == [quoted]
    assert [region.depth for region in quoted_regions(text)] == [1]


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("« Il a dit “non” hier »", "“non”"),
        ("« Il a dit ‹ non › hier »", "‹ non ›"),
        ('« Il a dit "non" hier »', '"non"'),
        ("« Il a dit « non » hier »", "« non »"),
        ("“Il a dit «non» hier”", "«non»"),
    ],
)
def test_marks_within_marks_are_one_deeper(outer: str, inner: str) -> None:
    text = f"Selon elle, {outer}."

    regions = quoted_regions(text)

    assert [(region.span.of(text), region.depth) for region in regions] == [(outer, 1), (inner, 2)]


def test_two_nested_quotations_stand_side_by_side() -> None:
    text = "« Elle dit « a » et « b » aussi »"

    assert marked(text) == [text, "« a »", "« b »"]


def test_two_straight_quotations_of_one_sentence_are_two_regions() -> None:
    assert marked('"Oui", dit-il, "et non".') == ['"Oui"', '"et non"']


def test_an_apostrophe_and_an_inch_mark_open_nothing_before_white_space() -> None:
    assert marked("L'écran de 27\" est d'ici") == []


def test_a_mark_left_open_ends_with_its_paragraph() -> None:
    assert marked("Il dit « oui\nPuis rien.") == ["« oui"]


def test_a_closing_mark_alone_delimits_nothing() -> None:
    assert marked("Il dit oui », puis rien.") == []


def test_a_mark_opened_again_before_it_was_closed_begins_a_new_region() -> None:
    assert marked("« Un, dit-il. Puis « deux » enfin.") == ["« Un, dit-il. Puis ", "« deux »"]


def test_an_inner_mark_left_open_ends_with_the_outer_region() -> None:
    assert marked("« Il dit “non » hier.") == ["« Il dit “non »", "“non "]


def test_a_quotation_over_paragraphs_is_one_region() -> None:
    text = "« Un.\nDeux.\nTrois. »"

    assert marked(text) == [text]


@pytest.mark.parametrize("again", ["« ", "» ", "«\u00a0", "»\u202f"])
def test_a_mark_repeated_on_each_paragraph_goes_on_with_the_region(again: str) -> None:
    text = f"« Un.\n{again}Deux.\n{again}Trois. » Fin."

    assert marked(text) == [text.removesuffix(" Fin.")]


def test_a_straight_mark_repeated_on_each_paragraph_goes_on_with_the_region() -> None:
    text = '"Un.\n"Deux.\n"Trois." Fin.'

    assert marked(text) == ['"Un.\n"Deux.\n"Trois."']


def test_a_closing_mark_at_the_start_of_a_line_still_closes_before_a_comma() -> None:
    text = "« Un.\n», dit-il."

    assert marked(text) == ["« Un.\n»"]


def test_an_opening_mark_stranded_on_the_line_above_opens_what_follows() -> None:
    text = "Il a dit :\n«\nOui, demain »."

    assert marked(text) == ["«\nOui, demain »"]


def test_a_mark_left_open_does_not_swallow_the_text() -> None:
    text = "« Un.\n" + "Autre.\n" * 20 + "Il dit « deux »."

    assert "« deux »" in marked(text)
    assert max(len(part) for part in marked(text)) < len(text) / 2


@pytest.mark.parametrize("dash", ["– ", "— ", "- ", "–\u00a0", "—\u202f"])
def test_a_dialogue_line_is_a_region_without_its_dash(dash: str) -> None:
    text = f"Il hésita.\n{dash}Vous venez ?\n{dash}Non."

    assert dashed(text) == ["Vous venez ?", "Non."]


def test_a_dash_within_a_line_is_no_dialogue() -> None:
    assert dashed("Le maire – élu hier – part.\n-dix degrés") == []


def test_paragraphs_are_the_lines_that_hold_words() -> None:
    text = "Un\r\n\r\n \t\nDeux\n"

    assert [block.of(text) for block in paragraphs(text)] == ["Un", "Deux"]


@pytest.mark.parametrize("indented", ["  ", "\t", "\u00a0"])
def test_indented_lines_are_as_others(indented: str) -> None:
    assert dashed(f"Il hésita.\n{indented}– Vous venez ?") == ["Vous venez ?"]
    assert marked(f"« Un.\n{indented}« Deux. »") == [f"« Un.\n{indented}« Deux. »"]


def crosses(one: Region, other: Region) -> bool:
    return one.span.begin < other.span.begin < one.span.end < other.span.end


@given(TEXTS)
def test_regions_of_any_text_lie_in_it_and_never_cross(text: str) -> None:
    regions = quoted_regions(text)

    for region in regions:
        assert 0 <= region.span.begin < region.span.end <= len(text)
        assert region.depth >= 1
    in_marks = [region for region in regions if region.boundary is Boundary.MARKS]
    assert not any(crosses(one, other) for one in in_marks for other in in_marks)
    assert regions == sorted(regions, key=lambda region: (region.span.begin, -region.span.end))


@given(TEXTS)
def test_a_region_within_another_is_deeper(text: str) -> None:
    in_marks = [region for region in quoted_regions(text) if region.boundary is Boundary.MARKS]

    for outer in in_marks:
        for inner in in_marks:
            if inner != outer and outer.span.contains(inner.span):
                assert inner.depth > outer.depth


@given(st.text())
def test_any_characters_can_be_segmented(text: str) -> None:
    quoted_regions(text)


def operations(function: Callable[[], object]) -> int:
    """Return how many instructions of the segmentation's own code are run."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., object] | None:
        nonlocal count
        if not frame.f_code.co_filename.endswith("segmentation.py"):
            return None
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "hostile",
    [
        lambda n: "«" * n,
        lambda n: "“" * n,
        lambda n: '"' * n,
        lambda n: '"a ' * n,
        lambda n: "« a\n" * n,
        lambda n: "«“" * n,
        lambda n: "«“" * n + "»" * n,
        lambda n: "«“" * n + "›" * n,
        lambda n: "«" + "«»" * n + "»",
        lambda n: "«" * n + "»" * n,
    ],
    ids=["«…", "“…", '""…', '"a "a…', "a line each", "«“…", "«“…»", "«“…›", "««»…»", "«…»"],
)
def test_the_work_grows_no_faster_than_the_text(hostile: Callable[[int], str]) -> None:
    once, twice = (operations(lambda size=size: quoted_regions(hostile(size))) for size in (150, 300))

    assert twice < 2.5 * once


def test_a_hundred_thousand_opening_marks_are_read() -> None:
    assert len(quoted_regions("« a " * 100_000)) == 100_000
