"""Annotations that stand apart from their texts: the annotations are ours to pass on, the texts are their publishers'.

A line is a document in the one format without its ``text``, whose sha256 it gives instead; names, roles and institutions are
spans of it, ``[begin, end]``.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from guillemet_models.training.reading import CorpusError, json_lines

_WORDED = ("name", "role", "institution")


def read_standoff(path: Path, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the documents of a file, in the one format, with their texts.

    Args:
        path: JSON lines.
        texts: By the id of the document; others may be among them.

    Raises:
        CorpusError: A line is no JSON, or its text is not there or not the one that was annotated; the message says which.
    """
    documents = []
    for where, detached in json_lines(path):
        text = texts.get(detached["id"])
        if text is None or _digest(text) != detached["sha256"]:
            is_what = "is not at hand" if text is None else "is another than the one annotated"
            raise CorpusError(f"{where}: the text of {detached['id']} {is_what}")
        documents.append(_attached(detached, text))
    return documents


def detached(document: dict[str, Any]) -> dict[str, Any]:
    """Return `document`, of the one format, without any of its words; those that are no span of its text are left out."""
    text = document["text"]
    entities = [{**entity, **{key: _place(text, entity[key]) for key in _WORDED}} for entity in document["entities"]]
    return {"id": document["id"], "sha256": _digest(text), "entities": entities, "quotations": document["quotations"]}


def _attached(detached: dict[str, Any], text: str) -> dict[str, Any]:
    entities = [
        {**entity, **{key: entity[key] and text[slice(*entity[key])] for key in _WORDED}} for entity in detached["entities"]
    ]
    return {"id": detached["id"], "text": text, "entities": entities, "quotations": detached["quotations"]}


def _place(text: str, words: str | None) -> list[int] | None:
    begin = text.find(words) if words else -1
    return [begin, begin + len(words or "")] if begin >= 0 else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
