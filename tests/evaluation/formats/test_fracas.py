"""FRACAS' JSON as its corpus has it, and as it is written for its programs."""

import json
from pathlib import Path
from typing import Any

import pytest

from guillemet_client import EntityKind, QuotationType, Span
from guillemet_evaluation import Document, Entity, InvalidDocuments, Quotation
from guillemet_evaluation.formats import Format, read, write

# What its programs know (TAG2ENTITY and REL_LABEL2TEXT of rcv2.py, and Refers).
LABELS = {
    "Agent",
    "Group_of_people",
    "Organization",
    "Source_pronoun",
    "Cue",
    "Direct_Quotation",
    "Indirect_Quotation",
    "Mixed_Quotation",
}
RELATIONS = {"Quoted_in", "Indicates", "Refers"}

TEXT = "« Le blé, assure Yann Tocquer, lèvera. » Il dit que les silos sont pleins."
WIRE: dict[str, Any] = {
    "id": 4217,
    "text": TEXT,
    "entities": [
        {"id": 3, "label": "Cue", "text": "assure", "char_span": [[10, 16]]},
        {"id": 1, "label": "Direct_Quotation", "text": "« Le blé lèvera. »", "char_span": [[31, 40], [0, 8]]},
        {"id": 2, "label": "Agent", "text": "Yann Tocquer", "char_span": [[17, 29]]},
        {"id": 4, "label": "Source_pronoun", "text": "Il", "char_span": [[41, 43]]},
        {"id": 5, "label": "Indirect_Quotation", "text": "les silos sont pleins", "char_span": [[52, 73]]},
        {"id": 6, "label": "Cue", "text": "dit", "char_span": [[44, 47]]},
    ],
    "relations": [
        [1, "Quoted_in", 2, 1],
        [2, "Indicates", 3, 1],
        [3, "Quoted_in", 4, 5],
        [4, "Indicates", 6, 5],
        [5, "Refers", 4, 2],
    ],
}
AS_A_DOCUMENT = Document(
    id="4217",
    text=TEXT,
    entities=(Entity(id="e1", kind=EntityKind.PERSON, name="Yann Tocquer", mentions=(Span(17, 29),)),),
    quotations=(
        Quotation(
            type=QuotationType.DIRECT,
            spans=(Span(0, 8), Span(31, 40)),
            cue=Span(10, 16),
            source=Span(17, 29),
            speaker="e1",
        ),
        Quotation(type=QuotationType.INDIRECT, spans=(Span(52, 73),), cue=Span(44, 47), source=Span(41, 43), speaker="e1"),
    ),
)


def lines(path: Path, *values: Any) -> Path:
    path.write_text("".join(f"{json.dumps(value, ensure_ascii=False)}\n" for value in values), encoding="utf-8")
    return path


def test_a_wire_of_the_corpus_is_read(tmp_path: Path) -> None:
    assert read(lines(tmp_path / "dev.jsonl", WIRE), Format.FRACAS, {}) == (AS_A_DOCUMENT,)


def test_wires_are_read_from_a_folder_of_files_too(tmp_path: Path) -> None:
    lines(tmp_path / "4217.json", WIRE)
    lines(tmp_path / "4218.json", WIRE | {"id": "4218"})

    assert [document.id for document in read(tmp_path, Format.FRACAS, {})] == ["4217", "4218"]


def test_what_is_written_is_what_was_read(tmp_path: Path) -> None:
    write([AS_A_DOCUMENT], tmp_path / "written.jsonl", Format.FRACAS)

    (value,) = map(json.loads, (tmp_path / "written.jsonl").read_text(encoding="utf-8").splitlines())
    assert list(value) == list(WIRE)
    assert value["id"] == 4217
    names = {entity["id"]: (entity["label"], entity["text"]) for entity in value["entities"]}
    of_wire = {entity["id"]: (entity["label"], entity["text"]) for entity in WIRE["entities"]}
    assert sorted(names.values()) == sorted(of_wire.values())
    assert sorted((label, names[first], names[second]) for _, label, first, second in value["relations"]) == sorted(
        (label, of_wire[first], of_wire[second]) for _, label, first, second in WIRE["relations"]
    )


def test_its_own_labels_alone_are_written(tmp_path: Path, gold_documents: list[dict[str, Any]]) -> None:
    path = tmp_path / "gold.jsonl"

    write([Document.from_json(document) for document in gold_documents], path, Format.FRACAS)

    values = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {entity["label"] for value in values for entity in value["entities"]} <= LABELS
    assert {relation[1] for value in values for relation in value["relations"]} == RELATIONS
    for value in values:
        labels = {entity["id"]: entity["label"] for entity in value["entities"]}
        assert all(labels[second].endswith("_Quotation") for _, label, _, second in value["relations"] if label != "Refers")


def test_a_speaker_without_a_source_is_quoted_in_by_its_mention(tmp_path: Path) -> None:
    document = Document(
        id="x",
        text=TEXT,
        entities=AS_A_DOCUMENT.entities,
        quotations=(Quotation(type=QuotationType.DIRECT, spans=(Span(0, 40),), speaker="e1"),),
    )
    write([document], tmp_path / "x.jsonl", Format.FRACAS)

    (back,) = read(tmp_path / "x.jsonl", Format.FRACAS, {})

    assert (back.quotations[0].speaker, back.quotations[0].source) == ("e1", Span(17, 29))


def test_a_source_that_is_neither_a_pronoun_nor_a_mention_counts_as_a_mention(tmp_path: Path) -> None:
    text = "Yann Tocquer vend. Le vendeur dit non. Le meunier dit oui."
    yann = Entity(id="e1", kind=EntityKind.GROUP, name="Yann Tocquer", mentions=(Span(0, 12),))
    quotations = (
        Quotation(type=QuotationType.INDIRECT, spans=(Span(34, 37),), source=Span(19, 29), speaker="e1"),
        Quotation(type=QuotationType.INDIRECT, spans=(Span(54, 57),), source=Span(39, 49)),
    )
    write([Document(id="x", text=text, entities=(yann,), quotations=quotations)], tmp_path / "x.jsonl", Format.FRACAS)

    (back,) = read(tmp_path / "x.jsonl", Format.FRACAS, {})

    assert [(entity.kind, entity.name, entity.mentions) for entity in back.entities] == [
        (EntityKind.GROUP, "Yann Tocquer", (Span(0, 12), Span(19, 29))),
        (EntityKind.PERSON, "Le meunier", (Span(39, 49),)),
    ]
    assert [quotation.speaker for quotation in back.quotations] == ["e1", "e2"]


def test_a_quotation_without_a_type_cannot_be_written(tmp_path: Path) -> None:
    document = Document(id="x", text=TEXT, quotations=(Quotation(spans=(Span(0, 40),)),))

    with pytest.raises(
        InvalidDocuments, match=r"document x, quotations\[0\].type: is not said, and FRACAS has no label for that"
    ):
        write([document], tmp_path / "x.jsonl", Format.FRACAS)

    assert not (tmp_path / "x.jsonl").exists()


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in WIRE.items() if key != name}


def with_entity(**fields: Any) -> dict[str, Any]:
    return {**WIRE, "relations": [], "entities": [WIRE["entities"][2] | fields]}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ([], "line 1: is no object; a document of FRACAS is accepted"),
        (without("id"), "line 1, id: is missing or neither a number nor a string"),
        (WIRE | {"id": True}, "line 1, id: is missing or neither a number nor a string"),
        (without("text"), "line 1, document 4217, text: is missing or no string"),
        (without("entities"), "line 1, document 4217, entities: is missing or no list"),
        (WIRE | {"relations": {}}, "line 1, document 4217, relations: is missing or no list"),
        (
            with_entity(label="Person"),
            (
                "line 1, document 4217, entities[0]: is 'Person'; Agent, Article, Cue, Direct_Quotation, Group_of_people,"
                " Indirect_Quotation, Mixed_Quotation, Organization, Quotation, Source, Source_pronoun are accepted"
            ),
        ),
        (with_entity(id=None), "line 1, document 4217, entities[0]: is no object with an id, a label and a char_span"),
        (with_entity(char_span=[17, 29]), "line 1, document 4217, entities[0].char_span: is no list of spans [begin, end]"),
        (with_entity(char_span=[]), "line 1, document 4217, entities[0].char_span: is no list of spans [begin, end]"),
        (
            with_entity(char_span=[[29, 17]]),
            "line 1, document 4217, entities[0].char_span: [29, 17] is empty, reversed or outside the text of 74 characters",
        ),
        (
            with_entity(char_span=[[18, 30]]),
            "line 1, document 4217, entities[0].text: holds other words than the text at char_span",
        ),
        (
            WIRE | {"entities": [*WIRE["entities"], WIRE["entities"][0]]},
            "line 1, document 4217, entities[6].id: is the id of an entity before it; each has its own",
        ),
        (
            WIRE | {"relations": [[1, "Quoted_in", 2]]},
            "line 1, document 4217, relations[0]: is no list of an id, a label and the ids of two entities",
        ),
        (
            WIRE | {"relations": [[1, "Quoted_in", 2, 9]]},
            "line 1, document 4217, relations[0]: leads to '9', which does not exist",
        ),
        (
            WIRE | {"relations": [[1, "Indicates", 2, 1]]},
            (
                "line 1, document 4217, relations[0]: Indicates joins Agent; from Cue to Direct_Quotation or Indirect_Quotation"
                " or Mixed_Quotation or Quotation is accepted"
            ),
        ),
    ],
)
def test_a_fault_is_said_with_its_line_field_and_reason(value: Any, fault: str, tmp_path: Path) -> None:
    path = lines(tmp_path / "dev.jsonl", value)

    with pytest.raises(InvalidDocuments) as caught:
        read(path, Format.FRACAS, {})

    assert str(caught.value) == f"{path}: {fault}"


def test_all_faults_of_a_file_are_said_together(tmp_path: Path) -> None:
    path = lines(tmp_path / "dev.jsonl", WIRE, WIRE, with_entity(label="X", char_span=[[0, 999]]))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": 1, "text"')

    with pytest.raises(InvalidDocuments) as caught:
        read(path, Format.FRACAS, {})

    assert [fault.where for fault in caught.value.faults] == ["line 2", "line 3", "line 3", "line 4"]
    assert caught.value.faults[0].reason == "is the id of line 1, too; each document has its own"
    assert caught.value.faults[-1].reason.startswith("is cut off in the middle of a JSON value")
