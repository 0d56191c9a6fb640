"""Answers that are given again: agencies repeat their copy."""

import hashlib
import sys
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace

from cachetools import LRUCache

from guillemet_models.document import Document
from guillemet_models.extractor import ModelDescription

# What an entry costs beside its document: the key, and its places in two tables.
_ENTRY_BYTES = 500


class AnswerCache:
    """Documents by the content of their texts, those asked for last; the texts themselves are not kept."""

    def __init__(self, max_bytes: int) -> None:
        """Build it, empty.

        Args:
            max_bytes: Of all that it holds. 0: nothing is kept.
        """
        self.hits = 0
        self.misses = 0
        self._max_bytes = max_bytes
        self._documents: LRUCache[bytes, Document] = LRUCache(max_bytes, getsizeof=_bytes_of)

    @property
    def bytes(self) -> int:
        """What it holds."""
        return int(self._documents.currsize)

    @property
    def documents(self) -> int:
        """How many it holds."""
        return len(self._documents)

    def find(self, text: str, model: ModelDescription) -> Document | None:
        """Return what the model found in the same text before; None if that is not known."""
        if not self._max_bytes:
            return None
        found = self._documents.get(_key(text, model))
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        return replace(found, text=text)

    def keep(self, document: Document, model: ModelDescription) -> None:
        """Keep what the model found, at the expense of what was not asked for the longest, if there is room for it at all."""
        if self._max_bytes:
            with suppress(ValueError):  # larger than the whole cache
                self._documents[_key(document.text, model)] = replace(document, text="")


def _key(text: str, model: ModelDescription) -> bytes:
    return hashlib.sha256(f"{model.name} {model.version} {model.sha256}\n{text}".encode()).digest()


def _bytes_of(document: Document) -> int:
    return _ENTRY_BYTES + _bytes(document)


def _bytes(value: object) -> int:
    """Return what a value and all that it is made of take in memory."""
    parts: list[object] = []
    if isinstance(value, tuple):
        parts = list(value)
    elif is_dataclass(value):
        parts = [getattr(value, field.name) for field in fields(value)]
    return sys.getsizeof(value) + sum(map(_bytes, parts))
