"""Documents in the one format from JSON lines, checked: who learns from them need not ask whether all is there."""

import codecs
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from guillemet_models.document import EntityKind, QuotationType


class CorpusError(ValueError):
    """Nothing can be learnt from a file; the message is a sentence with the file, and where in it what is wrong."""


class _Wanted(NamedTuple):
    """What a field may hold."""

    words: str
    accepts: Callable[[Any], bool]


_STRING = _Wanted("a string that says something", lambda value: isinstance(value, str) and bool(value.strip()))
_STRING_OR_NULL = _Wanted("a string or null", lambda value: value is None or isinstance(value, str))
_LIST = _Wanted("a list", lambda value: isinstance(value, list))
_KIND = _Wanted(f"one of {', '.join(EntityKind)}", lambda value: value in tuple(EntityKind))
_TYPE = _Wanted(f"one of {', '.join(QuotationType)}", lambda value: value in tuple(QuotationType))


def read(path: Path) -> list[dict[str, Any]]:
    """Return the documents of a file, in order.

    Raises:
        CorpusError: It cannot be read, or names the first thing that is wrong.
    """
    documents = []
    for where, document in json_lines(path):
        own = document.get("id") if isinstance(document, dict) else None
        known = f", document {own}" if isinstance(own, str) and own.isprintable() else ""
        try:
            _check(document)
        except ValueError as error:
            raise CorpusError(f"{where}{known}: {error}") from error
        documents.append(document)
    return documents


def json_lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield where each line is, for messages, and its value; blank lines and a byte order mark have none.

    Raises:
        CorpusError: The file cannot be read, or a line is not UTF-8, or no JSON.
    """
    try:
        lines = path.read_bytes().removeprefix(codecs.BOM_UTF8).splitlines()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}: line {number}"
        try:
            yield where, json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise CorpusError(f"{where}: is not UTF-8 (byte 0x{line[error.start]:02X})") from error
        except json.JSONDecodeError as error:
            raise CorpusError(f"{where}: is no JSON ({error.msg}, column {error.colno:,})") from error


def _check(document: Any) -> None:
    """Check one document.

    Raises:
        ValueError: With the first field that is wrong.
    """
    _require(document, "", id=_STRING, text=_STRING, entities=_LIST, quotations=_LIST)
    size = len(document["text"])
    inside = f"[begin, end] in the {size:,} characters of the text"
    span_or_null = _Wanted(f"null or a span {inside}", lambda value: value is None or _is_span(value, size))
    mentions = _Wanted(f"a list of spans {inside}", lambda value: _are_spans(value, size))
    content = _Wanted(
        f"a list of at least one span {inside}, disjoint and in order",
        lambda value: _are_spans(value, size) and bool(value) and all(one[1] <= other[0] for one, other in pairwise(value)),
    )
    for number, entity in enumerate(document["entities"]):
        place = f"entities[{number}]"
        _require(entity, place, id=_STRING, kind=_KIND, name=_STRING, role=_STRING_OR_NULL, institution=_STRING_OR_NULL)
        _require(entity, place, mentions=mentions)
    known = [None, *(entity["id"] for entity in document["entities"])]
    speaker = _Wanted("null or the id of an entity of the document", lambda value: value in known)
    for number, quotation in enumerate(document["quotations"]):
        place = f"quotations[{number}]"
        _require(quotation, place, type=_TYPE, spans=content, cue=span_or_null, source=span_or_null, speaker=speaker)


def _require(owner: Any, place: str, **fields: _Wanted) -> None:
    if not isinstance(owner, dict):
        raise ValueError(f"{place}: is not an object".removeprefix(": "))  # noqa: TRY004 (no caller's mistake: the file's)
    for name, wanted in fields.items():
        field = f"{place}.{name}".removeprefix(".")
        if name not in owner:
            raise ValueError(f"{field}: is missing")
        if not wanted.accepts(owner[name]):
            raise ValueError(f"{field}: is not {wanted.words}")


def _are_spans(value: Any, size: int) -> bool:
    return isinstance(value, list) and all(_is_span(each, size) for each in value)


def _is_span(value: Any, size: int) -> bool:
    is_pair = isinstance(value, list) and len(value) == 2 and all(type(bound) is int for bound in value)
    return is_pair and 0 <= value[0] < value[1] <= size
