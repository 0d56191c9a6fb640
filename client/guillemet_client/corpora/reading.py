"""Inputs to documents: each with an id that no other has, or the reason why it cannot be sent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO

from guillemet_client._files import UnreadableFile, name_of, to_text
from guillemet_client.corpora.inputs import Input, Kind
from guillemet_client.corpora.opening import opened
from guillemet_client.corpora.tables import Columns, Row, WrongColumn, csv_rows, jsonl_rows, parquet_rows

_ROWS: Mapping[Kind, Callable[[IO[bytes], str, Columns], Iterator[Row]]] = {
    Kind.JSONL: jsonl_rows,
    Kind.CSV: csv_rows,
    Kind.TSV: partial(csv_rows, delimiter="\t"),
}


@dataclass(frozen=True, slots=True)
class Given:
    """A document as it was read."""

    id: str
    place: str
    """FILE, or FILE:NUMBER of a row."""
    text: str
    n_bytes: float
    """What reading it took of its file; 0 where that is not known."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was read and cannot be sent."""

    id: str
    place: str
    reason: str
    """UPPER_SNAKE, as the server's."""
    message: str
    n_bytes: float


def name_in_messages(document: Given | Rejected) -> str:
    """Return where a document stands, and its id if that says something else."""
    return document.place if document.id == document.place else f"{document.place} (id {document.id})"


def check_columns(inputs: Sequence[Input], columns: Columns) -> None:
    """Let pass tables that have the columns; what else is wrong with a file is said when its turn comes.

    Raises:
        WrongColumn: A table lacks one; the message begins with the file's name.
        ModuleNotFoundError: There is a Parquet file, and pyarrow is not installed.
    """
    for each in inputs:
        if each.kind is not Kind.TXT and each.can_be_reread:
            try:
                next(_rows(each, columns), None)
            except UnreadableFile:
                continue


def read_documents(inputs: Sequence[Input], columns: Columns) -> Iterator[Given | Rejected]:
    """Yield the documents of the files, in order.

    Raises:
        WrongColumn: The standard input, or another pipe, lacks a column.
    """
    seen: set[str] = set()
    for each in inputs:
        for document in _documents(each, columns):
            if isinstance(document, Given) and document.id in seen:
                yield Rejected(
                    document.id,
                    document.place,
                    "DOCUMENT_ID_DUPLICATE",
                    "an earlier document has the same id; one id a document is accepted",
                    document.n_bytes,
                )
                continue
            seen.add(document.id)
            yield document


def _documents(source: Input, columns: Columns) -> Iterator[Given | Rejected]:
    name = _name_of(source)
    try:
        if source.kind is Kind.TXT:
            with opened(source.path) as (stream, _):
                text = to_text(stream.read())
            yield Given(name, name, text, source.n_bytes)
        else:
            row: Row | None = None
            for row, n_bytes in _rows(source, columns):
                yield _document(row, n_bytes)
            if row is None:
                yield Rejected(name, name, "UNREADABLE", "holds no document; one at least is accepted", 0)
    except UnreadableFile as error:
        yield Rejected(name, name, "UNREADABLE", str(error), 0)


def _rows(source: Input, columns: Columns) -> Iterator[tuple[Row, float]]:
    """Yield the rows of a table, each with what reading it took of the file."""
    try:
        yield from _rows_of(source, _name_of(source), columns)
    except WrongColumn as error:
        raise WrongColumn(f"{_name_of(source)}: {error}") from error


def _rows_of(source: Input, name: str, columns: Columns) -> Iterator[tuple[Row, float]]:
    if source.kind is Kind.PARQUET:
        for row, share in parquet_rows(source.path, name, columns):
            yield row, share * source.n_bytes
        return
    with opened(source.path) as (stream, position):
        before = 0
        for row in _ROWS[source.kind](stream, name, columns):
            now = position()
            yield row, now - before
            before = now


def _document(row: Row, n_bytes: float) -> Given | Rejected:
    if row.fault is not None:
        return Rejected(row.place, row.place, "UNREADABLE", row.fault, n_bytes)
    if row.id is None or row.id == "" or isinstance(row.id, bool | dict | list):
        return Rejected(row.place, row.place, "DOCUMENT_ID_MISSING", "no id; a string or a number is accepted", n_bytes)
    name = _storable(str(row.id))
    if not isinstance(row.text, str):
        return Rejected(name, row.place, "TEXT_MISSING", "no text; a string is accepted", n_bytes)
    return Given(name, row.place, row.text, n_bytes)


def _name_of(source: Input) -> str:
    return _storable(name_of(source.path))


def _storable(name: str) -> str:
    """Return an id that UTF-8 can carry: not every name of a file is Unicode, nor every string of JSON."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
