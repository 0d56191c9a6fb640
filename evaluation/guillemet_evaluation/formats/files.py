"""What adapters read: texts and JSON values of files and folders, each with where it was."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from guillemet_evaluation.decoding import MAX_LINE_BYTES, json_of, lines_of, text_of
from guillemet_evaluation.folders import files_below
from guillemet_evaluation.reading import Collected
from guillemet_evaluation.validation import Fault


@dataclass(frozen=True, slots=True)
class Intake:
    """A file or folder that is read."""

    path: Path
    collected: Collected
    texts: Mapping[str, str]
    """By id, for formats that name no text."""
    unplaced: Callable[[Fault], None]
    """Takes what is said of words that have no place in their text."""

    def text_named(self, name: str) -> tuple[str, str] | None:
        """Return the id and the text that a file is about.

        Args:
            name: Of the file, without its suffix: the id, or, as GenderGapTracker cuts it, the id up to its first full stop.
        """
        whole = {known for known in (name, unquote(name)) if known in self.texts}
        found = whole or {known for known in self.texts if known.partition(".")[0] == name}
        if len(found) != 1:
            return None
        (own,) = found
        return own, self.texts[own]


def json_values(path: Path, collected: Collected) -> Iterator[tuple[str, str, Any]]:
    """Yield the JSON value of a file, those of its lines, or those of the ``.json`` files below a folder.

    A file has a value a line if it is a ``.jsonl``, or if its first line is one and others follow.

    Yields:
        The name of the file, below the folder and without its suffix; where the value was; the value.
    """
    if path.is_dir():
        for file in files_below(path, ".json", collected.fault):
            name = file.relative_to(path)
            yield from _value(file, name.as_posix(), name.with_suffix("").as_posix(), collected)
        return
    try:
        with path.open("rb") as opened:
            filled = ((number, line) for number, line in lines_of(opened, MAX_LINE_BYTES) if line is None or line.strip())
            first = list(islice(filled, 2))
            if path.suffix == ".jsonl" or (len(first) == 2 and _is_value(first[0][1])):
                for number, line in chain(first, filled):
                    yield from _parsed(line, f"line {number}", path.stem, collected)
                return
    except OSError as error:
        collected.fault(Fault(_unreadable(error)))
        return
    yield from _value(path, "", path.stem, collected)


def read_text(path: Path, where: str, collected: Collected) -> str | None:
    """Return the text of a file, line ends as they are; None after a fault."""
    try:
        return text_of(_bytes_of(path), MAX_LINE_BYTES)
    except OSError as error:
        collected.fault(Fault(_unreadable(error), where))
    except ValueError as error:
        collected.fault(Fault(str(error), where))
    return None


def _value(path: Path, where: str, name: str, collected: Collected) -> Iterator[tuple[str, str, Any]]:
    try:
        yield from _parsed(_bytes_of(path), where, name, collected)
    except OSError as error:
        collected.fault(Fault(_unreadable(error), where))


def _parsed(words: bytes | None, where: str, name: str, collected: Collected) -> Iterator[tuple[str, str, Any]]:
    try:
        value = json_of(text_of(words, MAX_LINE_BYTES).removeprefix("\ufeff"))
    except ValueError as error:
        collected.fault(Fault(str(error), where))
    else:
        yield name, where, value


def _is_value(line: bytes | None) -> bool:
    try:
        json_of(text_of(line, MAX_LINE_BYTES).removeprefix("\ufeff"))
    except ValueError:
        return False
    return True


def _bytes_of(path: Path) -> bytes | None:
    """Return the content of a file; None: it is longer than any document."""
    with path.open("rb") as file:
        content = file.read(MAX_LINE_BYTES + 1)
    return content if len(content) <= MAX_LINE_BYTES else None


def _unreadable(error: OSError) -> str:
    return f"cannot be read ({error.strerror})"
