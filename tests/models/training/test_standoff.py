"""An annotation without its text finds it again, and no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from guillemet_models.training.standoff import detached, read_standoff


def write(path: Path, documents: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(detached(document)) + "\n" for document in documents), encoding="utf-8")
    return path


def test_the_documents_come_back_with_their_texts(gold_documents: list[dict[str, Any]], tmp_path: Path) -> None:
    path = write(tmp_path / "annotations.jsonl", gold_documents)

    documents = read_standoff(path, {document["id"]: document["text"] for document in gold_documents})

    for document, gold in zip(documents, gold_documents, strict=True):
        assert document["text"] == gold["text"]
        assert document["quotations"] == gold["quotations"]
        for entity, other in zip(document["entities"], gold["entities"], strict=True):
            for key in ("name", "role", "institution"):
                assert entity[key] == (other[key] if other[key] and other[key] in gold["text"] else None)
            assert (entity["id"], entity["kind"], entity["mentions"]) == (other["id"], other["kind"], other["mentions"])


def test_no_word_of_a_text_is_passed_on(gold_documents: list[dict[str, Any]]) -> None:
    for document in gold_documents:
        said = json.dumps(detached(document), ensure_ascii=False)

        assert all(entity["name"] not in said for entity in document["entities"] if len(entity["name"]) > 3)


@pytest.mark.parametrize(
    ("changed", "why"), [({}, "line 2: the text of d2 is not at hand"), ({"d2": "Non."}, "line 2: the text of d2 is another")]
)
def test_a_text_that_is_not_the_one_annotated_is_named(tmp_path: Path, changed: dict[str, str], why: str) -> None:
    documents = [{"id": name, "text": "Oui.", "entities": [], "quotations": []} for name in ("d1", "d2")]
    path = write(tmp_path / "annotations.jsonl", documents)

    with pytest.raises(ValueError, match=why):
        read_standoff(path, {"d1": "Oui.", **changed})


def test_the_annotations_of_the_project_are_whole_and_hold_no_words_of_others() -> None:
    files = (Path(__file__).parents[3] / "models" / "annotations").glob("*.jsonl")
    documents = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]

    assert len({document["id"] for document in documents}) == len(documents) > 900
    for document in documents:
        speakers = {entity["id"] for entity in document["entities"]}
        assert {quotation["speaker"] for quotation in document["quotations"]} <= {*speakers, None}
        for entity in document["entities"]:
            assert isinstance(entity["name"], list)
            assert all(entity[key] is None or isinstance(entity[key], list) for key in ("role", "institution"))
        for quotation in document["quotations"]:
            spans = [*quotation["spans"], *filter(None, (quotation["cue"], quotation["source"]))]
            assert all(0 <= begin < end for begin, end in spans)
            assert quotation["spans"] == sorted(quotation["spans"])
