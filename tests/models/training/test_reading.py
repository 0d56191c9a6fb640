"""A corpus is sound, or the first fault is said in a sentence: where it is, and never with the words of a text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guillemet_models.training.reading import CorpusError, read

SPAN = "[begin, end] in the 28 characters of the text"
CONTENT = f"a list of at least one span {SPAN}, disjoint and in order"

Spoil = Callable[[dict[str, Any]], object]


@pytest.fixture
def document() -> dict[str, Any]:
    text = "« Oui », a dit Zoé, la mère."
    entity = {"id": "e1", "kind": "person", "name": "Zoé", "role": None, "institution": None, "mentions": [[15, 18]]}
    quotation = {"type": "direct", "spans": [[0, 7]], "cue": [9, 14], "source": [15, 18], "speaker": "e1"}
    return {"id": "port", "text": text, "entities": [entity], "quotations": [quotation]}


def test_blank_lines_and_a_byte_order_mark_are_no_documents(document: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(f"\ufeff{json.dumps(document)}\n\n{json.dumps(document)}\r\n", encoding="utf-8")

    assert read(path) == [document, document]


def test_our_gold_is_sound(gold_documents: list[dict[str, Any]]) -> None:
    files = sorted((Path(__file__).parents[2] / "gold").glob("*.jsonl"))

    assert [document for file in files for document in read(file)] == gold_documents


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda it: it.pop("entities"), "document port: entities: is missing"),
        (lambda it: it.pop("text"), "document port: text: is missing"),
        (lambda it: it.update(text=" "), "document port: text: is not a string that says something"),
        (lambda it: it.update(quotations={}), "document port: quotations: is not a list"),
        (lambda it: it["entities"].append(7), "document port: entities[1]: is not an object"),
        (lambda it: it["entities"][0].pop("role"), "document port: entities[0].role: is missing"),
        (
            lambda it: it["entities"][0].update(kind="troll"),
            "document port: entities[0].kind: is not one of person, institution, group, document, unnamed",
        ),
        (
            lambda it: it["entities"][0].update(mentions=[[8, 99]]),
            f"document port: entities[0].mentions: is not a list of spans {SPAN}",
        ),
        (
            lambda it: it["quotations"][0].update(type="citation"),
            "document port: quotations[0].type: is not one of direct, indirect, mixed",
        ),
        (lambda it: it["quotations"][0].update(spans=[]), f"document port: quotations[0].spans: is not {CONTENT}"),
        (
            lambda it: it["quotations"][0].update(spans=[[3, 7], [0, 4]]),
            f"document port: quotations[0].spans: is not {CONTENT}",
        ),
        (lambda it: it["quotations"][0].update(cue=[9, 9]), f"document port: quotations[0].cue: is not null or a span {SPAN}"),
        (
            lambda it: it["quotations"][0].update(source="Zoé"),
            f"document port: quotations[0].source: is not null or a span {SPAN}",
        ),
        (
            lambda it: it["quotations"][0].update(speaker="e9"),
            "document port: quotations[0].speaker: is not null or the id of an entity of the document",
        ),
    ],
)
def test_a_fault_is_said_with_its_file_line_document_and_field(
    document: dict[str, Any], tmp_path: Path, spoil: Spoil, said: str
) -> None:
    path = tmp_path / "corpus.jsonl"
    sound = json.dumps(document)
    spoil(document)
    path.write_text(f"{sound}\n{json.dumps(document)}\n", encoding="utf-8")

    with pytest.raises(CorpusError) as raised:
        read(path)

    assert str(raised.value) == f"{path}: line 2, {said}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"[1]", "line 2: is not an object"),
        (b'{"id": ', "line 2: is no JSON (Expecting value, column 8)"),
        ('{"id": "é"}'.encode("latin-1"), "line 2: is not UTF-8 (byte 0xE9)"),
    ],
)
def test_a_line_that_is_no_document_is_said(document: dict[str, Any], tmp_path: Path, line: bytes, said: str) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(json.dumps(document).encode() + b"\n" + line)

    with pytest.raises(CorpusError) as raised:
        read(path)

    assert str(raised.value) == f"{path}: {said}"
