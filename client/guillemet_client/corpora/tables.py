"""The rows of JSONL, CSV and Parquet files: of each its id and its text."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any, NamedTuple

from guillemet_client._files import UnreadableFile

_ID_COLUMN = "id"
_DELIMITERS = ",;\t"
_LONGEST_CELL = 2**31 - 1  # the csv module's own limit would be 128 Ki characters
_BOM = b"\xef\xbb\xbf"


class WrongColumn(Exception):  # noqa: N818 (named by what happened)
    """A table has no such column, or one of another type; the message names those that it has."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the documents of a table stand."""

    text: str
    id: str | None = None  # None: "id" where there is one, else a document goes by its row

    def in_table(self, names: Sequence[str]) -> tuple[str | None, str]:
        """Return the columns of the id (None: none) and of the text in a table with columns of these names.

        Raises:
            WrongColumn: One of them is missing.
        """
        for option, wanted in (("--text-column", self.text), ("--id-column", self.id)):
            if wanted is not None and wanted not in names:
                raise WrongColumn(f"{option}: no column {wanted!r}; there are {', '.join(map(repr, names)) or 'none'}")
        return self.id or (_ID_COLUMN if _ID_COLUMN in names else None), self.text


class Row(NamedTuple):
    """A row as it was read: id and text may be anything."""

    place: str  # FILE:NUMBER, from 1
    id: Any  # the place where the table has no column of ids
    text: Any
    fault: str | None = None  # what made the row unreadable


def jsonl_rows(stream: IO[bytes], name: str, columns: Columns) -> Iterator[Row]:
    """Yield the objects of a JSON-lines file; a line that is none is a fault of its own.

    Raises:
        WrongColumn: The first object lacks a column.
    """
    names: tuple[str | None, str] | None = None
    for number, line in enumerate(stream, start=1):
        data = line.removeprefix(_BOM) if number == 1 else line
        if not data.strip():
            continue
        place = f"{name}:{number}"
        try:
            fields = json.loads(data.decode("utf-8"))
        except UnicodeDecodeError:
            yield Row(place, None, None, "not UTF-8; UTF-8 is accepted")
            continue
        except (ValueError, RecursionError) as error:
            yield Row(place, None, None, f"no JSON ({error}); an object a line is accepted")
            continue
        if not isinstance(fields, dict):
            yield Row(place, None, None, "no object; an object a line is accepted")
            continue
        if names is None:
            names = columns.in_table(list(fields))
        id_column, text_column = names
        yield Row(place, place if id_column is None else fields.get(id_column), fields.get(text_column))


def csv_rows(stream: IO[bytes], name: str, columns: Columns) -> Iterator[Row]:
    """Yield the rows below the header; commas, semicolons or tabs part the cells, whichever the header has most of.

    Raises:
        WrongColumn: The header lacks a column.
        UnreadableFile: It is no CSV from some row on.
    """
    csv.field_size_limit(_LONGEST_CELL)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    first = text.readline()
    delimiter = max(_DELIMITERS, key=first.count)
    # Strict: a quote that is never closed would make one cell of all that follows.
    rows = csv.reader(chain([first], text), delimiter=delimiter, strict=True)
    number = 0
    try:
        header = next(rows, [])
        id_column, text_column = columns.in_table(header)
        for number, cells in enumerate(filter(None, rows), start=1):
            place = f"{name}:{number}"
            if len(cells) != len(header):
                yield Row(place, None, None, f"{len(cells)} cells; the header has {len(header)}")
                continue
            row = dict(zip(header, cells, strict=True))
            yield Row(place, place if id_column is None else row[id_column], row[text_column])
    except csv.Error as error:
        raise UnreadableFile(f"no CSV after row {number} ({error})") from error
    finally:
        text.detach()  # what it reads from is the caller's to close


def parquet_rows(path: str, name: str, columns: Columns) -> Iterator[tuple[Row, float]]:
    """Yield the rows of a Parquet file, each with the share of the file that it is.

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
            of_text = file.schema_arrow.field(text_column).type
            if not _is_text(of_text):
                raise WrongColumn(f"--text-column: column {text_column!r} holds {of_text}, no text")
            wanted = [text_column] if id_column is None else [id_column, text_column]
            share = 1 / max(1, file.metadata.num_rows)
            number = 0
            for batch in file.iter_batches(batch_size=64, columns=wanted):
                for row in batch.to_pylist():
                    number += 1
                    place = f"{name}:{number}"
                    yield Row(place, place if id_column is None else row[id_column], row[text_column]), share
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"no Parquet, or damaged ({str(error).splitlines()[0]})") from error


def _is_text(kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415

    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value) or pa.types.is_string_view(value))
