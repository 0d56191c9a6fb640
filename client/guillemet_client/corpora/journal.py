"""The answers of a run on disk as they come: what an interrupted run leaves and a resumed one begins with."""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

if sys.platform != "win32":
    import fcntl

# A process that is killed loses nothing; with the power, what is younger is lost, and asked for again.
_SYNC_SECONDS = 1.0


# What is read of an answer: by a run and its summary, and to write tables.
_DOCUMENT = {"id": str, "text": str, "entities": list, "quotations": list}
_ENTITY = {"id": str, "name": str, "mentions": list}
_QUOTATION = {
    "id": str,
    "type": str,
    "spans": list,
    "cue": list | None,
    "source": list | None,
    "speaker": str | None,
    "probability": int | float,
    "source_probability": int | float,
    "speaker_probability": int | float,
}


class UnusableOutput(Exception):  # noqa: N818 (named by what happened)
    """What is there cannot be added to; the message says why."""


class JournalInUse(Exception):  # noqa: N818 (named by what happened)
    """Another run writes it."""


class Journal:
    """A file of lines in the one format, for this process alone.

    Args:
        path: Made if it is not there.

    Raises:
        JournalInUse: Another run writes it.
        OSError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _locked(path)
        self._n_bytes_before = os.fstat(self._file.fileno()).st_size
        self._synced_at = time.monotonic()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return os.fstat(self._file.fileno()).st_size == 0

    def seed(self, documents: Iterable[dict[str, Any]]) -> None:
        """Begin with these documents: with all of them, or not at all."""
        path = self.path.with_name(f"{self.path.name}.seed")
        file = _locked(path)  # a lock goes with the file, whatever its name
        try:
            file.truncate(0)
            for document in documents:
                file.write(_line(document))
            _sync(file)
            path.replace(self.path)
        except BaseException:
            file.close()
            path.unlink()
            raise
        sync_folder(path)
        self._file.close()
        self._file = file

    def clear(self) -> None:
        """Forget everything."""
        self._file.truncate(0)

    def undo(self) -> None:
        """Forget what this run added."""
        self._file.truncate(self._n_bytes_before)

    def documents(self) -> Iterator[dict[str, Any]]:
        """Yield what is in it; a last line that is not whole, as a crash leaves one, is cut off.

        Raises:
            UnusableOutput: Another line is no answer: something else wrote it.
        """
        whole = 0
        self._file.seek(0)
        for number, line in enumerate(self._file, start=1):
            document = _document(line)
            if document is None:
                if self._file.read(1):
                    raise UnusableOutput(
                        f"{self.path}: line {number:,} is no answer, and others follow it: mend it, or --force begins anew"
                    )
                self._file.truncate(whole)
                self._n_bytes_before = min(self._n_bytes_before, whole)
                return
            whole += len(line)
            yield document

    def append(self, document: dict[str, Any]) -> None:
        """Add an answer."""
        self._file.write(_line(document))
        self._file.flush()
        if time.monotonic() - self._synced_at >= _SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Return when everything is on disk."""
        _sync(self._file)
        self._synced_at = time.monotonic()

    def close(self) -> None:
        """Let other runs have it, if there is anything in it."""
        if self.is_empty:
            self.path.unlink(missing_ok=True)
        self._file.close()


def sync_folder(path: Path) -> None:
    """Return when the name of a file is on disk."""
    if sys.platform == "win32":  # where folders cannot be opened
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _locked(path: Path) -> IO[bytes]:
    file = path.open("a+b")
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise JournalInUse from None
        if not path.exists() or not os.path.samestat(path.stat(), os.fstat(file.fileno())):
            # The run that had it has just finished: the name is free, or another file's.
            file.close()
            raise JournalInUse
    return file


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _line(document: dict[str, Any]) -> bytes:
    return f"{json.dumps(document, ensure_ascii=False)}\n".encode()


def _document(line: bytes) -> dict[str, Any] | None:
    """Return the document of a whole line; None: it is not whole."""
    if not line.endswith(b"\n"):
        return None
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return document if is_document(document) else None


def is_document(value: Any) -> bool:
    """Tell whether a value is an answer in the one format, as far as it is read."""
    return (
        _has(value, _DOCUMENT)
        and all(_has(entity, _ENTITY) and _are_spans(entity["mentions"]) for entity in value["entities"])
        and all(_is_quotation(quotation) for quotation in value["quotations"])
    )


def _is_quotation(value: Any) -> bool:
    if not _has(value, _QUOTATION) or not value["spans"]:
        return False
    return _are_spans([*value["spans"], *(value[name] for name in ("cue", "source") if value[name] is not None)])


def _has(value: Any, kinds: Mapping[str, Any]) -> bool:
    return isinstance(value, dict) and all(field in value and isinstance(value[field], kind) for field, kind in kinds.items())


def _are_spans(values: Sequence[Any]) -> bool:
    return all(isinstance(value, list) and list(map(type, value)) == [int, int] for value in values)
