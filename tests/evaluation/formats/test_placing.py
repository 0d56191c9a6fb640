"""Words find their places in a text, whatever their offsets count."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guillemet_client import Span
from guillemet_evaluation.formats.placing import Claim, Unplaced, placed

WORDS = ["été", "hiver", "bac", "moulin", "C’est", "dit", "Odile", "non"]
GAPS = st.sampled_from([" ", "  ", "\u00a0", "\u202f", "\n", " *", "*\t", "\r\n\r\n"])
MARKS = st.sampled_from(["", "«", "“", '"', "..", "’"])


def place(text: str, words: str, begin: int = 0, end: int = 0) -> Span | Unplaced:
    return placed(text, {"it": Claim(words, begin, end)})["it"]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("Il a dit «\u202fnon\u202f».", '" non "', "«\u202fnon\u202f»"),
        ("Elle l’assure.", "l'assure", "l’assure"),
        ("Il vient … demain", "vient... demain", "vient … demain"),
        ("C’est fini.. Non", "fini. Non", "fini.. Non"),
        ("un e\u0301te\u0301 sec", "été", "e\u0301te\u0301"),
        ("un été sec", "e\u0301te\u0301", "été"),
        ("mi–mai", "mi-mai", "mi–mai"),
        ("un *mot* gras", " mot ", "mot"),
        ("deux\n\nlignes", "deux lignes", "deux\n\nlignes"),
    ],
)
def test_words_are_found_although_they_are_written_differently(text: str, words: str, expected: str) -> None:
    found = place(text, words)

    assert isinstance(found, Span)
    assert found.of(text) == expected


@pytest.mark.parametrize("words", ["été", "Non", "non merci", "  ", "", "«»"])
def test_words_that_are_not_in_the_text_have_no_place(words: str) -> None:
    assert place("Il a dit non.", words) is Unplaced.ABSENT


def test_a_part_of_a_composed_letter_is_no_place() -> None:
    assert place("été", "t") == Span(1, 2)
    assert place("é", "e") is Unplaced.ABSENT


def test_whole_words_go_before_parts_of_words() -> None:
    assert place("En avril, il vient.", "il") == Span(10, 12)
    assert place("En avril.", "il") == Span(6, 8)


def test_an_offset_that_holds_is_trusted_and_its_white_space_trimmed() -> None:
    text = "il dit, il nie, il part"

    assert place(text, "il ", 8, 11) == Span(8, 10)


def test_words_at_several_places_go_to_the_one_that_is_nearest_as_offsets_grow() -> None:
    text = "Ana dit oui, Bob dit non, Cléo dit rien, Dan dit tout."
    # Offsets count words.
    claims = {"ana": Claim("Ana", 0, 1), "cléo": Claim("Cléo", 6, 7), "dit": Claim("dit", 7, 8), "tout": Claim("tout", 11, 12)}

    assert placed(text, claims)["dit"] == Span(31, 34)
    assert placed(text, claims | {"dit": Claim("dit", 1, 2)})["dit"] == Span(4, 7)
    assert placed(text, claims | {"dit": Claim("dit", 10, 11)})["dit"] == Span(45, 48)


def test_without_any_certain_place_or_as_near_to_two_words_have_none() -> None:
    assert place("il dit, il nie", "il", 99, 100) is Unplaced.AMBIGUOUS
    # « mot » shows that 100 stands for 4, which is as far from 0 as from 8.
    assert placed("il, mot,il", {"mot": Claim("mot", 100, 103), "il": Claim("il", 100, 103)})["il"] is Unplaced.AMBIGUOUS


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_words_are_found_whatever_stands_between_them_in_another_state_of_the_text(data: st.DataObject) -> None:
    words = data.draw(st.lists(st.sampled_from(WORDS), min_size=1, unique=True))
    there = here = ""
    claims: dict[str, Claim] = {}
    expected: dict[str, Span] = {}
    for word in words:
        mark = data.draw(MARKS)
        there += data.draw(GAPS) + mark
        here += data.draw(GAPS) + mark
        claims[word] = Claim(word, len(there), len(there) + len(word))
        expected[word] = Span(len(here), len(here) + len(word))
        there, here = there + word, here + word

    assert placed(here, claims) == expected
