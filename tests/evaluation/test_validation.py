"""Every fault of a document is said, with its field and its reason."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from guillemet_evaluation import Document, InvalidDocuments
from guillemet_evaluation.validation import faults_of

Json = dict[str, Any]
Spoil = Callable[[Json], Any]

SPOILT: dict[str, tuple[Spoil, str]] = {
    "id missing": (lambda it: it.pop("id"), "id: is missing"),
    "id ill-typed": (lambda it: it.update(id=7), "id: is a number; a string is accepted"),
    "id blank": (lambda it: it.update(id=" "), "id: says nothing; words are accepted"),
    "text missing": (lambda it: it.pop("text"), "text: is missing"),
    "text null": (lambda it: it.update(text=None), "text: is null; a string is accepted"),
    "half a surrogate pair": (
        lambda it: it.update(text=it["text"] + "\ud83c"),
        "text: holds half of a surrogate pair; Unicode text is accepted",
    ),
    "quotations missing": (lambda it: it.pop("quotations"), "quotations: is missing"),
    "quotations ill-typed": (lambda it: it.update(quotations={}), "quotations: is an object; a list of objects is accepted"),
    "a quotation ill-typed": (lambda it: it["quotations"].append(3), "quotations[3]: is a number; an object is accepted"),
    "wrong type": (
        lambda it: it["quotations"][0].update(type="citation"),
        "quotations[0].type: is citation; direct, indirect, mixed are accepted",
    ),
    "type null": (
        lambda it: it["quotations"][0].update(type=None),
        "quotations[0].type: is null; direct, indirect, mixed are accepted",
    ),
    "spans missing": (lambda it: it["quotations"][1].pop("spans"), "quotations[1].spans: is missing"),
    "no span": (
        lambda it: it["quotations"][1].update(spans=[]),
        "quotations[1].spans: is empty; a quotation has at least one span",
    ),
    "span outside the text": (
        lambda it: it["quotations"][1].update(spans=[[4, 9000]]),
        "quotations[1].spans[0]: [4, 9000] lies outside the text of 149 characters",
    ),
    "span before the text": (
        lambda it: it["quotations"][1].update(spans=[[-2, 4]]),
        "quotations[1].spans[0]: [-2, 4] lies outside the text of 149 characters",
    ),
    "empty span": (
        lambda it: it["quotations"][1].update(spans=[[4, 4]]),
        "quotations[1].spans[0]: [4, 4] is empty or reversed; begin < end is accepted",
    ),
    "no numbers": (
        lambda it: it["quotations"][1].update(spans=[[True, 4.0]]),
        "quotations[1].spans[0]: is a list; a span [begin, end] of two whole numbers is accepted",
    ),
    "a span not in a list": (
        lambda it: it["quotations"][1].update(spans=[4, 9]),
        "quotations[1].spans[0]: is a number; a span [begin, end] of two whole numbers is accepted",
    ),
    "overlapping spans": (
        lambda it: it["quotations"][1].update(spans=[[4, 9], [8, 12]]),
        "quotations[1].spans[1]: [8, 12] overlaps quotations[1].spans[0], [4, 9]; spans are disjoint and in order",
    ),
    "spans in disorder": (
        lambda it: it["quotations"][1].update(spans=[[14, 19], [8, 12]]),
        "quotations[1].spans[1]: [8, 12] stands before quotations[1].spans[0], [14, 19]; spans are disjoint and in order",
    ),
    "nothing but marks": (
        lambda it: it["quotations"][1].update(spans=[[9, 11]]),
        "quotations[1].spans: hold nothing but marks, punctuation and white space; nothing there could be found",
    ),
    "cue missing": (lambda it: it["quotations"][0].pop("cue"), "quotations[0].cue: is missing"),
    "source outside": (
        lambda it: it["quotations"][0].update(source=[140, 150]),
        "quotations[0].source: [140, 150] lies outside the text of 149 characters",
    ),
    "unknown entity": (
        lambda it: it["quotations"][0].update(speaker="e9"),
        "quotations[0].speaker: e9 is no entity of the document; the id of one, or null, is accepted",
    ),
    "speaker missing": (lambda it: it["quotations"][0].pop("speaker"), "quotations[0].speaker: is missing"),
    "wrong kind": (
        lambda it: it["entities"][0].update(kind="PERSON"),
        "entities[0].kind: is PERSON; person, institution, group, document, unnamed are accepted",
    ),
    "duplicated entity": (
        lambda it: it["entities"][1].update(id="e1"),
        "entities[1].id: e1 is the id of an entity before it; each has its own",
    ),
    "nameless": (lambda it: it["entities"][0].update(name=""), "entities[0].name: says nothing; words are accepted"),
    "mention outside": (
        lambda it: it["entities"][0].update(mentions=[[0, 9], [100, 200]]),
        "entities[0].mentions[1]: [100, 200] lies outside the text of 149 characters",
    ),
    "improbable": (
        lambda it: it["quotations"][0].update(probability=1.5),
        "quotations[0].probability: is 1.5; a number from 0 to 1 is accepted",
    ),
    "probability ill-typed": (
        lambda it: it["entities"][0].update(institution_probability="high"),
        "entities[0].institution_probability: is a string; a number from 0 to 1 is accepted",
    ),
}


@pytest.fixture
def value(port: Document) -> Json:
    return port.to_json()


def test_a_sound_document_has_no_fault(value: Json) -> None:
    assert faults_of(value, is_gold=True) == []


@pytest.mark.parametrize("name", SPOILT)
def test_a_fault_is_said_with_its_field_and_reason(name: str, value: Json) -> None:
    spoil, said = SPOILT[name]
    spoil(value)

    faults = [f"{fault.field}: {fault.reason}" for fault in faults_of(value, is_gold=True)]

    assert said in faults


def test_all_faults_are_said_and_the_document_named(value: Json) -> None:
    for name in ("wrong type", "empty span", "unknown entity", "wrong kind"):
        SPOILT[name][0](value)

    faults = faults_of(value, is_gold=True)

    assert [fault.field for fault in faults] == [
        "entities[0].kind",
        "quotations[0].type",
        "quotations[0].speaker",
        "quotations[1].spans[0]",
    ]
    assert {fault.document for fault in faults} == {"port"}
    assert str(faults[0]).startswith("document port, entities[0].kind: is PERSON")


def test_messages_hold_no_words_of_the_text(value: Json) -> None:
    for spoil, _ in SPOILT.values():
        spoilt = json.loads(json.dumps(value))
        spoil(spoilt)
        said = " ".join(map(str, faults_of(spoilt, is_gold=True)))
        assert "rouvrira" not in said
        assert "Hamel" not in said


@pytest.mark.parametrize("other", [None, 3, [], "port"])
def test_what_is_no_object_is_no_document(other: object) -> None:
    [fault] = faults_of(other, is_gold=False)

    assert fault.reason.endswith("an object is accepted")


def test_huge_values_are_shortened(value: Json) -> None:
    value["quotations"][0] |= {"type": "x" * 10**6, "spans": [[0, 10**4000]]}

    assert all(len(str(fault)) < 250 for fault in faults_of(value, is_gold=True))


def test_a_prediction_may_leave_out_what_its_system_does_not_say() -> None:
    value = {"id": "a", "text": "« Oui », dit Ana.", "quotations": [{"spans": [[0, 7]], "speaker_name": "Ana"}]}

    assert faults_of(value, is_gold=False) == []
    missing = {fault.field for fault in faults_of(value, is_gold=True)}
    assert missing == {"entities", "quotations[0].type", *(f"quotations[0].{name}" for name in ("cue", "source", "speaker"))}


def test_only_a_prediction_may_have_no_place_in_the_text(value: Json) -> None:
    value["quotations"][0]["spans"] = []

    assert faults_of(value, is_gold=False) == []
    assert [str(fault) for fault in faults_of(value, is_gold=True)] == [
        "document port, quotations[0].spans: is empty; a quotation has at least one span"
    ]


def test_a_document_cannot_be_made_of_a_faulty_value(value: Json) -> None:
    SPOILT["wrong type"][0](value)

    with pytest.raises(InvalidDocuments, match=r"document port, quotations\[0\].type: is citation"):
        Document.from_json(value)
