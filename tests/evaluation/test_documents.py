"""Documents say and read the one format."""

import json
from typing import Any

from guillemet_client import EntityKind, QuotationType, Span
from guillemet_evaluation import Document, Entity, Quotation


def test_a_document_is_written_and_read_unchanged(port: Document) -> None:
    assert Document.from_json(json.loads(json.dumps(port.to_json())), is_gold=True) == port


def test_gold_articles_are_written_as_they_were_read(gold_documents: list[dict[str, Any]]) -> None:
    for value in gold_documents:
        assert Document.from_json(value, is_gold=True).to_json() == value


def test_probabilities_and_names_without_entities_are_kept() -> None:
    document = Document(
        id="a",
        text="« Oui », dit Ana.",
        entities=(Entity(id="e1", kind=EntityKind.PERSON, name="Ana", probability=0.5, institution_probability=0.25),),
        quotations=(
            Quotation(
                id="q1",
                type=QuotationType.DIRECT,
                spans=(Span(0, 7),),
                speaker_name="Ana",
                institution="Comptoir",
                probability=0.5,
                source_probability=0.25,
                speaker_probability=0.125,
            ),
        ),
    )

    assert Document.from_json(document.to_json()) == document


def test_what_is_not_stated_is_not_written() -> None:
    written = Quotation(spans=(Span(0, 7),)).to_json()

    assert written == {"type": None, "spans": [[0, 7]], "cue": None, "source": None, "speaker": None}


def test_unknown_fields_of_a_document_are_kept_whatever_they_hold() -> None:
    unknown = {"title": "Vide", "phenomena": ["none"], "score": 3, "desk": {"city": "Brest"}, "outlet": None}

    document = Document.from_json({"id": "a", "text": "Rien.", "quotations": [], **unknown})

    assert document.attributes == unknown
    assert document.to_json() == {"id": "a", "text": "Rien.", "entities": [], "quotations": [], **unknown}
