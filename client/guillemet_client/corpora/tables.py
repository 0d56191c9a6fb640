"""The rows of JSONL, CSV and Parquet files: of each its id and its text."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any, NamedTuple

from guillemet_client._files import UnreadableFile

_ID_COLUMN = "id"
_DELIMITERS = ",;\t"
_LONGEST_CELL = 2**31 - 1  # the csv module's own limit would be 128 Ki characters
_BOM = b"\xef\xbb\xbf"
# What "surrogateescape" makes of bytes that are no UTF-8; nothing else becomes it.
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
# A column of JSON lines that so many do not have is none.
_MOST_WITHOUT = 100


class WrongColumn(Exception):  # noqa: N818 (named by what happened)
    """A table has no such column, several, or one of another type; the message names those that it has."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the documents of a table stand."""

    text: str
    id: str | None = None  # None: "id" where there is one, else a document goes by its row

    def in_table(self, names: Sequence[str]) -> tuple[str | None, str]:
        """Return the columns of the id (None: none) and of the text in a table with columns of these names.

        Raises:
            WrongColumn: One of them is missing, or there are several.
        """
        id_column = self.id or (_ID_COLUMN if _ID_COLUMN in names else None)
        for option, wanted in (("--text-column", self.text), ("--id-column", id_column)):
            if wanted is None:
                continue
            if wanted not in names:
                raise WrongColumn(f"{option}: no column {wanted!r}; there are {', '.join(map(repr, names)) or 'none'}")
            if (count := names.count(wanted)) > 1:
                raise WrongColumn(f"{option}: {count} columns have the name {wanted!r}; one is accepted")
        return id_column, self.text


class Row(NamedTuple):
    """A row as it was read: id and text may be anything."""

    place: str  # FILE:NUMBER, from 1
    id: Any  # the place where the table has no column of ids
    text: Any
    fault: str | None = None  # what made the row unreadable


def jsonl_rows(stream: IO[bytes], name: str, columns: Columns) -> Iterator[Row]:
    """Yield the objects of a JSON-lines file; a line that is none is a fault of its own, as is an object without a text.

    Raises:
        WrongColumn: A column is in none of the first objects.
    """
    rows = _objects(stream, name, columns)
    head: list[Row] = []
    names: dict[str, None] = {}  # a set in order
    for row, fields in islice(rows, _MOST_WITHOUT):
        head.append(row)
        names.update(dict.fromkeys(fields))
        if names.keys() >= {columns.text, columns.id or columns.text}:
            break
    if names:  # else there is no object
        columns.in_table(list(names))
    yield from head
    yield from (row for row, _ in rows)


def _objects(stream: IO[bytes], name: str, columns: Columns) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Yield the rows of a JSON-lines file, each with the fields that it has."""
    for number, line in enumerate(stream, start=1):
        data = line.removeprefix(_BOM) if number == 1 else line
        if not data.strip():
            continue
        place = f"{name}:{number}"
        try:
            fields = json.loads(data.decode("utf-8"))
        except UnicodeDecodeError:
            yield Row(place, None, None, "not UTF-8; UTF-8 is accepted"), {}
        except (ValueError, RecursionError) as error:
            yield Row(place, None, None, f"no JSON ({error}); an object a line is accepted"), {}
        else:
            if isinstance(fields, dict):
                own_id = fields.get(_ID_COLUMN, place) if columns.id is None else fields.get(columns.id)
                yield Row(place, own_id, fields.get(columns.text)), fields
            else:
                yield Row(place, None, None, "no object; an object a line is accepted"), {}


def csv_rows(stream: IO[bytes], name: str, columns: Columns, *, delimiter: str | None = None) -> Iterator[Row]:
    """Yield the rows below the header; one that is no UTF-8, or has more or fewer cells than the header, is a fault of its own.

    Args:
        stream: Of the file.
        name: Stands for the file in places.
        columns: Which of them are read.
        delimiter: What parts the cells; None: commas, semicolons or tabs, whichever the header has most of.

    Raises:
        WrongColumn: The header lacks a column.
        UnreadableFile: Its header is no UTF-8, or it is no CSV from some row on.
    """
    csv.field_size_limit(_LONGEST_CELL)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    first = text.readline()
    # Strict: a quote that is never closed would make one cell of all that follows.
    rows = csv.reader(chain([first], text), delimiter=delimiter or max(_DELIMITERS, key=first.count), strict=True)
    number = 0
    try:
        header = next(rows, [])
        if fault := _not_unicode(header):
            raise UnreadableFile(fault)
        id_column, text_column = columns.in_table(header)
        for number, cells in enumerate(filter(None, rows), start=1):
            place = f"{name}:{number}"
            if len(cells) != len(header):
                yield Row(place, None, None, f"{len(cells)} cells; the header has {len(header)}")
            elif fault := _not_unicode(cells):
                yield Row(place, None, None, fault)
            else:
                row = dict(zip(header, cells, strict=True))
                yield Row(place, place if id_column is None else row[id_column], row[text_column])
    except csv.Error as error:
        raise UnreadableFile(f"no CSV after row {number} ({error})") from error
    finally:
        text.detach()  # what it reads from is the caller's to close


def _not_unicode(cells: Sequence[str]) -> str | None:
    """Return what is wrong with cells that held bytes that are no UTF-8; None: none did."""
    escaped = next(filter(None, map(_ESCAPED_BYTE.search, cells)), None)
    return escaped and f"not UTF-8 (byte 0x{ord(escaped[0]) & 0xFF:02X}); UTF-8 is accepted"


def parquet_rows(path: str, name: str, columns: Columns) -> Iterator[tuple[Row, float]]:
    """Yield the rows of a Parquet file, each with the share of the file that it is; one that is no UTF-8 is a fault of its own.

    Raises:
        WrongColumn: The file lacks a column, or it holds something else.
        UnreadableFile: It is no Parquet, or damaged.
        ModuleNotFoundError: pyarrow is not installed.
    """
    import pyarrow as pa  # noqa: PLC0415 (an extra)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with ExitStack() as stack:
            file = stack.enter_context(pq.ParquetFile(path))
            id_column, text_column = columns.in_table(file.schema_arrow.names)
            _check_types(file.schema_arrow, id_column, text_column)
            wanted = [text_column] if id_column is None else [id_column, text_column]
            share = 1 / max(1, file.metadata.num_rows)
            number = 0
            for batch in file.iter_batches(batch_size=64, columns=wanted):
                for cells in zip(*batch.select(wanted), strict=True):
                    number += 1
                    yield _parquet_row(f"{name}:{number}", cells), share
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"no Parquet, or damaged ({str(error).splitlines()[0]})") from error


def _parquet_row(place: str, cells: Sequence[Any]) -> Row:
    """Return the row of a text, or of an id and a text, as Arrow holds them."""
    try:
        values = [cell.as_py() for cell in cells]
    except UnicodeDecodeError:  # a writer of Parquet need not look
        return Row(place, None, None, "not UTF-8; UTF-8 is accepted")
    return Row(place, values[0] if len(values) > 1 else place, values[-1])


def _check_types(schema: Any, id_column: str | None, text_column: str) -> None:
    """Let pass columns of texts and of ids.

    Raises:
        WrongColumn: One of them holds something else.
    """
    import pyarrow as pa  # noqa: PLC0415

    is_number = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
    is_text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    for option, column, accepted, what in (
        ("--text-column", text_column, is_text, "no text"),
        ("--id-column", id_column, is_text + is_number, "neither strings nor numbers"),
    ):
        if column is not None:
            kind = schema.field(column).type
            value = kind.value_type if pa.types.is_dictionary(kind) else kind
            if not any(is_kind(value) for is_kind in accepted):
                raise WrongColumn(f"{option}: column {column!r} holds {kind}, {what}")
