"""Texts that nobody annotated, by their ids: JSON lines that give them, or raw text, whose documents have none."""

import hashlib
import json
import lzma
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

_DIGITS = 12


def read_texts(path: Path) -> dict[str, str]:
    """Return the texts of a file, xz-compressed or not.

    Args:
        path: ``….txt…``, see `raw_documents`; their ids are "c" and the first digits of their sha256. Else JSON lines, of each
            ``id`` and ``text``.
    """
    if ".txt" in path.suffixes:
        return {f"c{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}": text for text in raw_documents(path)}
    return {document["id"]: document["text"] for document in map(json.loads, _lines(path))}


def raw_documents(path: Path) -> Iterator[str]:
    """Yield the documents of raw text: a paragraph a line, an empty line between documents. Line breaks join paragraphs."""
    paragraphs: list[str] = []
    for line in chain(_lines(path), ["\n"]):
        if stripped := line.rstrip("\n"):
            paragraphs.append(stripped)
        elif paragraphs:
            yield "\n".join(paragraphs)
            paragraphs.clear()


def _lines(path: Path) -> Iterator[str]:
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        yield from lines
