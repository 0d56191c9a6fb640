"""Files are read whole or refused with every fault: nothing is skipped in silence, and no line fills the memory."""

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

import guillemet_client
from guillemet_evaluation import Document, InvalidDocuments, read_documents
from guillemet_evaluation.reading import as_documents, by_id
from guillemet_evaluation.validation import MOST_LISTED

GIGABYTE = 2**30


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gold.jsonl"


def line_of(document: Document) -> str:
    return json.dumps(document.to_json(), ensure_ascii=False)


def faults(file: Path, *, is_gold: bool = True) -> list[str]:
    with pytest.raises(InvalidDocuments) as raised:
        read_documents(file, is_gold=is_gold)
    lines = str(raised.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_documents_come_in_order(file: Path, port: Document) -> None:
    file.write_text(f"{line_of(port)}\n{line_of(replace(port, id='b'))}\n", encoding="utf-8")

    assert read_documents(file, is_gold=True) == (port, replace(port, id="b"))


def test_a_byte_order_mark_and_blank_lines_are_no_documents(file: Path, port: Document) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + line_of(port).encode() + b"\r\n\r\n")

    assert read_documents(file, is_gold=True) == (port,)


def test_every_fault_has_its_line(file: Path, port: Document) -> None:
    whole = line_of(port)
    lines = [
        whole,
        whole[:200],
        '{"id": "b", "text": "Oui."}',
        "[1, 2",
        '{"id": "c" "text"}',
        whole,
        '{"id": "d", "id": "e", "text": "Oui.", "quotations": [], "entities": []}',
        '{"id": "f", "text": "Oui.", "quotations": [], "entities": [], "score": NaN}',
    ]
    others = whole.encode("latin-1"), b"[" * 10**5, b'{"id": ' + b"9" * 10**5 + b"}"
    file.write_bytes(b"\n".join([*(line.encode() for line in lines), *others]))

    assert faults(file) == [
        "line 2: is cut off in the middle of a JSON value (column 198)",
        "line 3, document b, entities: is missing",
        "line 3, document b, quotations: is missing",
        "line 4: is cut off in the middle of a JSON value (column 6)",
        "line 5: is no JSON: Expecting ',' delimiter (column 12)",
        "line 6, id: is the id of line 1, too; each document has its own",
        "line 7: is no sound JSON: an object has the field 'id' twice",
        "line 8: is no sound JSON: NaN is no JSON number",
        "line 9: is not UTF-8: byte 0xE9 at byte offset 47; UTF-8 is accepted",
        "line 10: is nested too deeply to be a document",
        "line 11: is no sound JSON: a number has thousands of digits",
    ]


def test_utf_16_is_recognised(file: Path, port: Document) -> None:
    file.write_text(line_of(port), encoding="utf-16")

    assert faults(file)[0].startswith("line 1: is not UTF-8, perhaps UTF-16: byte 0x")


def test_a_line_of_a_gigabyte_is_refused_and_not_held(file: Path, port: Document) -> None:
    with file.open("wb") as sparse:
        sparse.write(line_of(port).encode() + b"\n")
        sparse.truncate(GIGABYTE)
        sparse.seek(0, 2)
        sparse.write(b"\n" + line_of(port).encode())
    tracemalloc.start()
    try:
        found = faults(file)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found == [
        "line 2: is longer than 16,777,216 bytes; a document a line is accepted",
        "line 3, id: is the id of line 1, too; each document has its own",
    ]
    assert peak_bytes < GIGABYTE // 10


def test_no_more_faults_are_listed_than_are_read(file: Path) -> None:
    file.write_text("no\n" * (MOST_LISTED + 1000), encoding="utf-8")

    found = faults(file)

    assert len(found) == MOST_LISTED + 1
    assert found[-1] == "and 1,000 more faults"


def test_gold_holds_a_document_but_a_system_may_find_none(file: Path) -> None:
    file.touch()

    assert faults(file) == ["holds no document; at least one is needed"]
    assert read_documents(file) == ()


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    [missing] = faults(tmp_path / "missing.jsonl")
    [folder] = faults(tmp_path)

    assert missing == "cannot be read (No such file or directory); a readable file of JSON lines is accepted"
    assert folder == "holds no .jsonl file"


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path, port: Document) -> None:
    (tmp_path / "c").mkdir()
    for name in ("b.jsonl", "a.jsonl", "c/d.jsonl"):
        (tmp_path / name).write_text(line_of(replace(port, id=name)), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("none", encoding="utf-8")

    assert [document.id for document in read_documents(tmp_path, is_gold=True)] == ["a.jsonl", "b.jsonl", "c/d.jsonl"]

    with (tmp_path / "c/d.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n[1]\n")
    assert faults(tmp_path) == ["c/d.jsonl, line 2: is a list; an object is accepted"]


def test_documents_may_be_given_in_any_form(port: Document, file: Path) -> None:
    file.write_text(line_of(port), encoding="utf-8")
    asked = guillemet_client.Document(
        id="port",
        text=port.text,
        quotations=(),
        entities=(),
        model="m",
        tokens=1,
        windows=1,
        queue_seconds=0.0,
        inference_seconds=0.0,
    )

    for given in (file, str(file), [port], [port.to_json()], iter([port])):
        assert as_documents(given, name="gold", is_gold=True) == (port,)
    assert as_documents([asked], name="predictions") == (Document(id="port", text=port.text),)


def test_faults_in_memory_name_the_position(port: Document) -> None:
    faulty = replace(port, quotations=(replace(port.quotations[0], speaker="e9"),))

    with pytest.raises(InvalidDocuments) as raised:
        as_documents([port, replace(faulty, id="b"), port, 7], name="gold")  # type: ignore[list-item]

    assert [str(fault) for fault in raised.value.faults] == [
        "documents[1], document b, quotations[0].speaker: e9 is no entity of the document; the id of one, or null, is accepted",
        "documents[2], id: is the id of documents[0], too; each document has its own",
        "documents[3]: is a number; an object is accepted",
    ]


def test_predictions_are_of_gold_documents_and_of_their_text(port: Document) -> None:
    cut = replace(port, text=port.text[:120], quotations=(), entities=())
    other = replace(cut, id="b", text="X" + port.text[1:])

    with pytest.raises(InvalidDocuments) as raised:
        by_id([cut, other, replace(cut, id="c")], [port, replace(port, id="b")])

    assert [str(fault) for fault in raised.value.faults] == [
        "document port, text: differs from the gold text from character 120 on (120 characters, gold has 149)",
        "document b, text: differs from the gold text from character 0 on (149 characters, gold has 149)",
        "document c, id: is predicted, but no gold document has this id",
    ]
