"""An article in which everything happens that marks of a text can do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from guillemet_client.viewing import Article, view_page

TEXT = (
    "Brigade des eaux\r\n\r\n"
    "« Le lac, a dit hier Zoé Hamel, présidente du Comptoir maritime, rouvrira 🎤.\n"
    'Nous l’avons promis : "C\'est sûr" », selon l’agence.\n'
    "Elle assure que les quais, d’après <b>Luc & Cie</b>, étaient « sûrs ».\n"
)


def found(words: str, after: str = "") -> list[int]:
    """Return the span of words; `after` says which of several."""
    begin = TEXT.index(words, TEXT.index(after))
    return [begin, begin + len(words)]


def entity(id: str, kind: str, name: str, *mentions: list[int], **fields: str) -> dict[str, Any]:
    return {"id": id, "kind": kind, "name": name, "role": None, "institution": None, "mentions": list(mentions), **fields}


def quotation(type: str, *spans: list[int], probability: float, **fields: Any) -> dict[str, Any]:
    probabilities = {"probability": probability, "source_probability": 0.9137, "speaker_probability": 0.3}
    return {"type": type, "spans": list(spans), "cue": None, "source": None, "speaker": None, **fields, **probabilities}


DOCUMENT = {
    "id": "dépêches/<eaux>.txt",
    "text": TEXT,
    "entities": [
        entity("silent", "person", "Luc", found("Luc")),
        entity(
            "e<1>",
            "person",
            "Zoé Hamel",
            found("Zoé Hamel"),
            found("présidente du Comptoir maritime"),
            role="présidente du Comptoir maritime",
            institution="Comptoir maritime",
        )
        | {"institution_probability": 0.8},
        entity("e2", "institution", "Luc & Cie", found("<b>Luc & Cie</b>"), institution="Luc & Cie"),
        entity("e3", "group", "agence", found("l’agence"), institution='Agence "<i>A</i>"'),
    ],
    "quotations": [
        # Interrupted, over two paragraphs, with another one inside.
        quotation(
            "direct",
            found("« Le lac"),
            [found("rouvrira")[0], found('sûr" »')[1]],
            probability=0.98,
            cue=found("a dit"),
            source=found("Zoé Hamel"),
            speaker="e<1>",
        ),
        quotation("direct", found('"C\'est sûr"'), probability=0.41),
        # Crosses the first one.
        quotation("indirect", [found("C'est sûr")[0], found(", selon")[0]], probability=0.5, cue=found("selon"), speaker="e3"),
        quotation(
            "mixed",
            found("les quais"),
            found("étaient « sûrs »"),
            probability=0.88,
            cue=found("assure"),
            source=found("Elle", "selon"),
            speaker="e<1>",
        ),
        # The same extent as the first part of the one before it.
        quotation(
            "indirect",
            found("les quais"),
            probability=0.6,
            cue=found("d’après"),
            source=found("<b>Luc & Cie</b>"),
            speaker="e2",
        ),
    ],
}


@pytest.fixture
def document() -> dict[str, Any]:
    """Return a document in the one format; a test may change it."""
    copy: dict[str, Any] = json.loads(json.dumps(DOCUMENT))
    return copy


@pytest.fixture
def show(open_page: Callable[..., Page], tmp_path: Path) -> Callable[..., Page]:
    """Open a page of documents."""

    def show(*documents: dict[str, Any], **options: Any) -> Page:
        file = tmp_path / "page.html"
        file.write_text(view_page([Article.from_json(document) for document in documents]), encoding="utf-8")
        return open_page(file, **options)

    return show
