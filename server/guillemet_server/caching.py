"""Answers that are given again: agencies repeat their copy."""

import hashlib
from contextlib import suppress
from dataclasses import replace

from cachetools import LRUCache

from guillemet_models.document import Document
from guillemet_models.extractor import ModelDescription

# What CPython takes at most, by `sys.getsizeof` of each part; to ask it each time would take the event loop half a millisecond.
_ANSWER_BYTES = 750  # a document, its key and its places in two tables
_QUOTATION_BYTES = 400  # likewise of an entity; spans apart
_SPAN_BYTES = 128


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
    """Return what a document without its text takes in memory, at most."""
    quotations, entities = document.quotations, document.entities
    n_spans = sum(len(it.spans) + 2 for it in quotations) + sum(len(it.mentions) + 3 for it in entities)
    return _ANSWER_BYTES + _QUOTATION_BYTES * (len(quotations) + len(entities)) + _SPAN_BYTES * n_spans
