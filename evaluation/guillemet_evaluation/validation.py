"""What is wrong with a document in the one format, as JSON gives it: every fault, each with its field and its reason.

Messages name fields, offsets and types, never the words of a text.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from guillemet_client import EntityKind, QuotationType, Span
from guillemet_evaluation.trimming import trimmed

# Listed of one file or list; the others are counted.
MOST_LISTED = 20

_NAMES_OF_TYPES = {type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "a string"}
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with documents that were given."""

    reason: str
    """What is wrong, and what is accepted."""
    where: str = ""
    """ "line 3" of a file, "documents[2]" of a list; "": the whole."""
    document: str | None = None
    """The document's id; None: it has none that can be read."""
    field: str = ""
    """Path of the field, "quotations[0].spans[1]"; "": the whole document."""

    def __str__(self) -> str:
        document = f"document {self.document}" if self.document is not None else ""
        place = ", ".join(part for part in (self.where, document, self.field) if part)
        return f"{place}: {self.reason}" if place else self.reason


class InvalidDocuments(ValueError):  # noqa: N818 (named by what happened)
    """Documents that cannot be evaluated; the message has a line a fault.

    Args:
        name: Of the file, or what else stands for the documents.
        faults: The first ones, in order.
        total: How many there are; None: as many as `faults`.
    """

    def __init__(self, name: str, faults: Iterable[Fault], total: int | None = None) -> None:
        self.name = name
        self.faults = tuple(faults)
        self.total = len(self.faults) if total is None else total
        lines = [f"{name}: {fault}" for fault in self.faults]
        if self.total > len(self.faults):
            lines.append(f"{name}: and {self.total - len(self.faults):,} more faults")
        super().__init__("\n".join(lines))


def faults_of(value: object, *, is_gold: bool) -> list[Fault]:
    """Return all that is wrong with a document.

    Args:
        value: As ``json.loads`` returns it.
        is_gold: Whether every field of the format must be there. A prediction may leave out what its system does not say: type,
            cue, source, speaker, the list of entities, and of an entity all but its id, kind and name. Its list of spans may be
            empty: the words have no place in the text.
    """
    check = _Check(is_gold=is_gold)
    check.document(value)
    document = value.get("id") if isinstance(value, Mapping) else None
    known = _shown(document) if isinstance(document, str) else None
    return [Fault(reason, document=known, field=field) for field, reason in check.found]


class _Check:
    def __init__(self, *, is_gold: bool) -> None:
        self.is_gold = is_gold
        self.found: list[tuple[str, str]] = []
        self.text: str | None = None

    def document(self, document: object) -> None:
        if not isinstance(document, Mapping):
            self.fault("", f"is {_type_of(document)}; an object is accepted")
            return
        self.string(document, "id", "", required=True)
        self.text = self.string(document, "text", "", required=True)
        ids: set[str] = set()
        for path, entity in self.objects(document, "entities", required=self.is_gold):
            self.entity(path, entity, ids)
        for path, quotation in self.objects(document, "quotations", required=True):
            self.quotation(path, quotation, ids)

    def entity(self, path: str, entity: Mapping[str, Any], ids: set[str]) -> None:
        own = self.string(entity, "id", path, required=True)
        if own in ids:
            self.fault(f"{path}.id", f"{_shown(own)} is the id of an entity before it; each has its own")
        elif own is not None:
            ids.add(own)
        self.choice(entity, "kind", path, EntityKind, required=True)
        self.string(entity, "name", path, required=True)
        self.string(entity, "role", path, required=self.is_gold, nullable=True)
        self.string(entity, "institution", path, required=self.is_gold, nullable=True)
        mentions = self.member(entity, "mentions", path, required=self.is_gold)
        if mentions is not _ABSENT:
            self.spans(mentions, f"{path}.mentions")
        self.probabilities(entity, path, "probability", "institution_probability")

    def quotation(self, path: str, quotation: Mapping[str, Any], entities: set[str]) -> None:
        self.choice(quotation, "type", path, QuotationType, required=self.is_gold)
        self.content(quotation, path)
        for name in ("cue", "source"):
            span = self.member(quotation, name, path, required=self.is_gold)
            if span is not _ABSENT and span is not None:
                self.span(span, f"{path}.{name}")
        speaker = self.string(quotation, "speaker", path, required=self.is_gold, nullable=True)
        if speaker is not None and speaker not in entities:
            self.fault(
                f"{path}.speaker", f"{_shown(speaker)} is no entity of the document; the id of one, or null, is accepted"
            )
        for name in ("id", "speaker_name", "institution"):
            self.string(quotation, name, path, required=False, nullable=True)
        self.probabilities(quotation, path, "probability", "source_probability", "speaker_probability")

    def content(self, quotation: Mapping[str, Any], path: str) -> None:
        spans = self.member(quotation, "spans", path, required=True)
        if spans is _ABSENT:
            return
        path = f"{path}.spans"
        sound = self.spans(spans, path)
        text = self.text
        if self.is_gold and sound and text is not None and not trimmed(text, [Span(*span) for _, span in sound]):
            self.fault(path, "hold nothing but marks, punctuation and white space; nothing there could be found")
        if self.is_gold and isinstance(spans, list | tuple) and not spans:
            self.fault(path, "is empty; a quotation has at least one span")
        for (before, one), (after, other) in itertools.pairwise(sound):
            if other[0] < one[1]:
                overlap = one[0] < other[1]
                what = "overlaps" if overlap else "stands before"
                self.fault(
                    f"{path}[{after}]", f"{list(other)} {what} {path}[{before}], {list(one)}; spans are disjoint and in order"
                )

    def spans(self, value: object, path: str) -> list[tuple[int, Sequence[int]]]:
        """Return the sound ones, each with its index."""
        if not isinstance(value, list | tuple):
            self.fault(path, f"is {_type_of(value)}; a list of spans is accepted")
            return []
        return [(index, span) for index, span in enumerate(value) if self.span(span, f"{path}[{index}]")]

    def span(self, value: object, path: str) -> bool:
        if not isinstance(value, list | tuple) or len(value) != 2 or not all(type(bound) is int for bound in value):
            self.fault(path, f"is {_type_of(value)}; a span [begin, end] of two whole numbers is accepted")
            return False
        begin, end = value
        if begin >= end:
            self.fault(path, f"[{_shown(begin)}, {_shown(end)}] is empty or reversed; begin < end is accepted")
            return False
        if begin < 0 or (self.text is not None and end > len(self.text)):
            known = "" if self.text is None else f" of {len(self.text):,} characters"
            self.fault(path, f"[{_shown(begin)}, {_shown(end)}] lies outside the text{known}")
            return False
        return True

    def objects(self, owner: Mapping[str, Any], name: str, *, required: bool) -> Iterable[tuple[str, Mapping[str, Any]]]:
        value = self.member(owner, name, "", required=required)
        if value is _ABSENT:
            return
        if not isinstance(value, list | tuple):
            self.fault(name, f"is {_type_of(value)}; a list of objects is accepted")
            return
        for index, element in enumerate(value):
            path = f"{name}[{index}]"
            if isinstance(element, Mapping):
                yield path, element
            else:
                self.fault(path, f"is {_type_of(element)}; an object is accepted")

    def string(self, owner: Mapping[str, Any], name: str, path: str, *, required: bool, nullable: bool = False) -> str | None:
        value = self.member(owner, name, path, required=required)
        if value is _ABSENT or (value is None and nullable):
            return None
        path = _joined(path, name)
        if not isinstance(value, str):
            self.fault(path, f"is {_type_of(value)}; a string{' or null' if nullable else ''} is accepted")
        elif not value.strip():
            self.fault(path, f"says nothing; words{', or null,' if nullable else ''} are accepted")
        elif not _is_unicode(value):
            self.fault(path, "holds half of a surrogate pair; Unicode text is accepted")
        else:
            return value
        return None

    def choice(self, owner: Mapping[str, Any], name: str, path: str, choices: type[StrEnum], *, required: bool) -> None:
        value = self.member(owner, name, path, required=required)
        if value is _ABSENT or (value is None and not required):
            return
        if not isinstance(value, str) or value not in {str(choice) for choice in choices}:
            what = _shown(value) if isinstance(value, str) else _type_of(value)
            self.fault(_joined(path, name), f"is {what}; {', '.join(choices)} are accepted")

    def probabilities(self, owner: Mapping[str, Any], path: str, *names: str) -> None:
        for name in names:
            value = owner.get(name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (is_number and 0 <= value <= 1):
                what = _shown(value) if is_number else _type_of(value)
                self.fault(_joined(path, name), f"is {what}; a number from 0 to 1 is accepted")

    def member(self, owner: Mapping[str, Any], name: str, path: str, *, required: bool) -> Any:
        value = owner.get(name, _ABSENT)
        if value is _ABSENT and required:
            self.fault(_joined(path, name), "is missing")
        return value

    def fault(self, field: str, reason: str) -> None:
        self.found.append((field, reason))


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _type_of(value: object) -> str:
    if isinstance(value, Mapping):
        return "an object"
    return _NAMES_OF_TYPES.get(type(value), "a list" if isinstance(value, list | tuple) else f"of type {type(value).__name__}")


def _shown(value: float | str) -> str:
    """Return a number or a label, however large, in a few characters."""
    if isinstance(value, int) and abs(value) >= 10**12:
        return "a huge number"
    text = f"{value}"
    return text if len(text) <= 40 and text.isprintable() else f"{text[:40]!a}…"


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
