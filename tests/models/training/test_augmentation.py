"""An article set otherwise has the same annotation."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guillemet_models.folding import fold
from guillemet_models.training.augmentation import MARK_STYLES, Augmentation, Edit, apply, vary

NEVER = Augmentation(other_marks=0.0, lost_breaks=0.0, glued=0.0, doubled=0.0, bare_capitals=0.0, shouted=0.0)
ALWAYS = Augmentation(
    other_marks=1.0,
    lost_breaks=1.0,
    glued=1.0,
    lost_spaces=1.0,
    doubled=1.0,
    doubled_spaces=1.0,
    bare_capitals=1.0,
    shouted=1.0,
)
MARKS = frozenset('«»“”„‹›"')


def squeezed(text: str) -> str:
    """Leave out what another setting may change."""
    return "".join(fold(character) for character in text if character not in MARKS and not character.isspace())


def spans(document: dict[str, Any]) -> list[list[int]]:
    found = [mention for entity in document["entities"] for mention in entity["mentions"]]
    for quotation in document["quotations"]:
        found += [*quotation["spans"], *(quotation[key] for key in ("cue", "source") if quotation[key])]
    return found


def check(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert squeezed(after["text"]) == squeezed(before["text"])
    for (old_begin, old_end), (begin, end) in zip(spans(before), spans(after), strict=True):
        assert 0 <= begin < end <= len(after["text"])
        assert squeezed(after["text"][begin:end]) == squeezed(before["text"][old_begin:old_end])
    for old, new in zip(before["quotations"], after["quotations"], strict=True):
        assert {key: old[key] for key in ("type", "speaker")} == {key: new[key] for key in ("type", "speaker")}
        assert (old["cue"] is None) == (new["cue"] is None)
        assert (old["source"] is None) == (new["source"] is None)


@pytest.mark.parametrize("seed", range(4))
def test_spans_of_every_gold_article_hold_the_same_words(gold_documents: list[dict[str, Any]], seed: int) -> None:
    for document in gold_documents:
        check(document, vary(document, ALWAYS, random.Random(seed)))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(), chances=st.tuples(*[st.floats(0, 1)] * 3), data=st.data())
def test_spans_hold_the_same_words_however_often_things_change(
    gold_documents: list[dict[str, Any]], seed: int, chances: tuple[float, float, float], data: st.DataObject
) -> None:
    document = data.draw(st.sampled_from(gold_documents))
    chance = Augmentation(other_marks=chances[0], lost_breaks=chances[1], glued=chances[2], lost_spaces=chances[2])

    check(document, vary(document, chance, random.Random(seed)))


def test_direct_quotations_keep_their_marks(gold_documents: list[dict[str, Any]]) -> None:
    changed = 0
    for document in gold_documents:
        after = vary(document, replace(NEVER, other_marks=1.0), random.Random(0))
        changed += after["text"] != document["text"]
        for old, new in zip(document["quotations"], after["quotations"], strict=True):
            for (old_begin, old_end), (begin, end) in zip(old["spans"], new["spans"], strict=True):
                for old_mark, mark in ((old_begin, begin), (old_end - 1, end - 1)):
                    if document["text"][old_mark] in MARKS:
                        assert after["text"][mark] in MARKS
                begins_bare = document["text"][old_begin] not in MARKS
                assert not begins_bare or after["text"][begin] not in MARKS
    assert changed > len(gold_documents) / 2


def test_nothing_changes_where_there_is_no_chance_of_it(gold_documents: list[dict[str, Any]]) -> None:
    for document in gold_documents:
        assert vary(document, NEVER, random.Random(0)) == document


def test_the_document_itself_is_left_alone(gold_documents: list[dict[str, Any]]) -> None:
    document = gold_documents[0]
    text, before = document["text"], [list(span) for span in spans(document)]

    vary(document, ALWAYS, random.Random(3))

    assert document["text"] == text
    assert spans(document) == before


def test_the_same_seed_makes_the_same_article(gold_documents: list[dict[str, Any]]) -> None:
    document = gold_documents[1]

    assert vary(document, ALWAYS, random.Random(5)) == vary(document, ALWAYS, random.Random(5))


TEXT = "Il dit « oui » ici."


@pytest.mark.parametrize(("opening", "closing"), MARK_STYLES)
def test_marks_are_part_of_a_moved_span(opening: str, closing: str) -> None:
    document = {"text": TEXT, "entities": [], "quotations": [{"spans": [[7, 14]], "cue": [3, 6], "source": [0, 2]}]}

    after = apply(document, [Edit(7, 9, opening), Edit(12, 14, closing)])

    ((begin, end),) = after["quotations"][0]["spans"]
    assert after["text"] == f"Il dit {opening}oui{closing} ici."
    assert after["text"][begin:end] == f"{opening}oui{closing}"
    assert after["quotations"][0]["cue"] == [3, 6]


@given(
    edits=st.lists(st.tuples(st.integers(0, 18), st.integers(0, 3), st.sampled_from(["", " ", "\n"])), max_size=6).map(
        lambda drawn: [Edit(begin, min(len(TEXT), begin + length), words) for begin, length, words in drawn]
    )
)
def test_any_edits_leave_spans_in_the_text(edits: list[Edit]) -> None:
    document = {"text": TEXT, "entities": [], "quotations": [{"spans": [[7, 14], [15, 18]], "cue": [3, 6], "source": None}]}

    after = apply(document, edits)

    for begin, end in [*after["quotations"][0]["spans"], after["quotations"][0]["cue"]]:
        assert 0 <= begin <= len(after["text"])
        assert 0 <= end <= len(after["text"])


def test_titles_are_shouted_capitals_bared_and_spaces_doubled() -> None:
    document = {"text": "Élections à Ambert\nÀ midi, Éva Roux a dit non.", "entities": [], "quotations": []}
    chance = replace(NEVER, bare_capitals=1.0, shouted=1.0, doubled=1.0, doubled_spaces=1.0)

    after = vary(document, chance, random.Random(0))

    assert after["text"] == "ELECTIONS  À  AMBERT\nA  midi,  Eva  Roux  a  dit  non."
