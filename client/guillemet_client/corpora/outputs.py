"""The output of a run: made from its journal in one step, so that it is whole or not there."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from guillemet_client._attributions import COLUMNS, attributions
from guillemet_client.corpora.journal import Journal, UnusableOutput, is_document, sync_folder

# What is in memory at a time, whichever comes first.
_ROW_GROUP_DOCUMENTS = 2_000
_ROW_GROUP_CHARACTERS = 32_000_000


class Format(StrEnum):
    """How an output is written; its name says it."""

    JSONL = "jsonl"
    PARQUET = "parquet"
    CSV = "csv"


class Output:
    """A file to be written, and those that stand beside it meanwhile.

    Args:
        path: Its suffix says the format. Of a link, what it leads to is written, and the others beside that.

    Raises:
        ValueError: The suffix is of no format.
    """

    def __init__(self, path: Path) -> None:
        self.format = Format(path.suffix.removeprefix("."))
        if path.is_symlink():
            path = Path(os.path.realpath(path))
        self.path = path
        self.partial = path.with_name(f"{path.name}.partial")
        """The journal."""
        self.failures = path.with_name(f"{path.name}.failures.jsonl")
        self._writing = path.with_name(f"{path.name}.writing")

    @property
    def files(self) -> set[Path]:
        """All that a run writes."""
        return {self.path, self.partial, self.failures, self._writing}

    def publish(self, journal: Journal) -> None:
        """Write all that is in the journal, and remove the journal.

        Raises:
            OSError: It cannot be written; the journal is still there.
        """
        if self.format is Format.JSONL:
            journal.sync()
            journal.path.replace(self.path)
        else:
            with self._replaced() as file:
                _WRITERS[self.format](journal.documents(), file)
            journal.path.unlink()
        sync_folder(self.path)

    def documents(self) -> Iterator[dict[str, Any]]:
        """Yield what an earlier run wrote.

        Raises:
            UnusableOutput: Something else wrote it, or it is CSV, which leaves out documents without quotations.
            OSError: It cannot be read.
        """
        if self.format is Format.CSV:
            raise UnusableOutput(f"{self.path} is done, and CSV does not tell which documents it read: --force writes it anew")
        for document in _READERS[self.format](self.path):
            if not is_document(document):
                raise UnusableOutput(f"{self.path} is no output of this command: --force overwrites it")
            yield document

    @contextmanager
    def _replaced(self) -> Iterator[IO[bytes]]:
        """Yield a file that takes the place of the output when the block ends well."""
        try:
            with self._writing.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            self._writing.replace(self.path)
        finally:
            self._writing.unlink(missing_ok=True)


def _write_parquet(documents: Iterable[dict[str, Any]], file: IO[bytes]) -> None:
    import pyarrow as pa  # noqa: PLC0415 (an extra)
    import pyarrow.parquet as pq  # noqa: PLC0415

    schema = _schema()
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(documents):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _schema() -> Any:
    """Return the one format as Arrow types: what is read back as Python values is the one format again."""
    import pyarrow as pa  # noqa: PLC0415

    span = pa.list_(pa.int32())
    entity = {
        "id": pa.string(),
        "kind": pa.string(),
        "name": pa.string(),
        "role": pa.string(),
        "institution": pa.string(),
        "mentions": pa.list_(span),
        "probability": pa.float64(),
        "institution_probability": pa.float64(),
    }
    quotation = {
        "id": pa.string(),
        "type": pa.string(),
        "spans": pa.list_(span),
        "cue": span,
        "source": span,
        "speaker": pa.string(),
        "probability": pa.float64(),
        "source_probability": pa.float64(),
        "speaker_probability": pa.float64(),
    }
    return pa.schema(
        {
            "id": pa.string(),
            "text": pa.large_string(),
            "entities": pa.list_(pa.struct(entity)),
            "quotations": pa.list_(pa.struct(quotation)),
        }
    )


def _groups(documents: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    n_characters = 0
    for document in documents:
        group.append(document)
        n_characters += len(document["text"])
        if len(group) == _ROW_GROUP_DOCUMENTS or n_characters >= _ROW_GROUP_CHARACTERS:
            yield group
            group, n_characters = [], 0
    if group:
        yield group


def _write_csv(documents: Iterable[dict[str, Any]], file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.DictWriter(text, list(COLUMNS))
    writer.writeheader()
    for document in documents:
        writer.writerows(attributions(document))
    text.detach()


def _read_jsonl(output: Path) -> Iterator[Any]:
    with output.open("rb") as file:
        for line in file:
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None


def _read_parquet(output: Path) -> Iterator[Any]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    with output.open("rb") as opened:
        try:
            with pq.ParquetFile(opened) as file:
                for batch in file.iter_batches(batch_size=64):
                    yield from batch.to_pylist()
        except (pa.ArrowException, OSError, UnicodeDecodeError):  # damaged: Arrow says so in all these ways
            yield None


_WRITERS: dict[Format, Callable[[Iterable[dict[str, Any]], IO[bytes]], None]] = {
    Format.PARQUET: _write_parquet,
    Format.CSV: _write_csv,
}
_READERS: dict[Format, Callable[[Path], Iterator[Any]]] = {Format.JSONL: _read_jsonl, Format.PARQUET: _read_parquet}
