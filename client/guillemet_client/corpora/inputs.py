"""What the command line names, as files to read: each with its kind, in an order that is the same every time."""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from glob import escape, glob, has_magic
from pathlib import Path

from guillemet_client._files import STDIN

# The part of a pattern that stands for any number of folders.
_ANY_FOLDERS = re.compile(rf"(?:^|(?<=[/{re.escape(os.sep)}]))\*\*(?:[/{re.escape(os.sep)}]+|$)")
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")


class Kind(StrEnum):
    """How documents stand in a file."""

    TXT = "txt"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


_KINDS = {
    ".txt": Kind.TXT,
    ".jsonl": Kind.JSONL,
    ".ndjson": Kind.JSONL,
    ".csv": Kind.CSV,
    ".tsv": Kind.CSV,
    ".parquet": Kind.PARQUET,
}
ACCEPTED = ", ".join(_KINDS)


class UnusableInput(Exception):  # noqa: N818 (named by what happened)
    """What was named holds nothing to read; the message says what was named and what is accepted."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file of documents, or the standard input."""

    path: str  # as it was named; "-": the standard input
    kind: Kind
    n_bytes: int  # on disk; 0 where that is not known


def find_inputs(named: Sequence[str], *, kind: Kind | None, written: Collection[Path]) -> list[Input]:
    """Return the files that are meant, each once.

    Args:
        named: Files, folders (read with their subfolders, what is hidden left out), patterns, "-".
        kind: Of every file; None: as its name says, and JSONL for the standard input.
        written: Files that are no input, for they are written.

    Raises:
        UnusableInput: One of them means no file, or one that is not there or is written.
    """
    excluded = {path.resolve() for path in written}
    found = {each.path: each for name in named for each in _meant(name, kind, excluded)}
    return list(found.values())


def _meant(name: str, kind: Kind | None, excluded: Collection[Path]) -> Iterator[Input]:
    if name == STDIN:
        if kind is Kind.PARQUET:
            raise UnusableInput("stdin: Parquet is read from files only")
        yield Input(STDIN, kind or Kind.JSONL, 0)
        return
    if os.path.isdir(name):  # noqa: PTH112 (a NUL in it is no error here)
        paths = sorted(_below(name))
    elif os.path.exists(name):  # noqa: PTH110
        if Path(name).resolve() in excluded:
            raise UnusableInput(f"{name}: is written, so it cannot be read")
        yield _input(name, kind)
        return
    elif has_magic(name):
        paths = sorted(path for path in set(_matching(name)) if Path(path).is_file())
    else:
        raise UnusableInput(f"{name}: no such file or folder")
    meant = [path for path in paths if (kind or _kind_of(path)) and Path(path).resolve() not in excluded]
    if not meant:
        raise UnusableInput(f"{name}: means no file that can be read; {ACCEPTED} are, also compressed")
    for path in meant:
        yield _input(path, kind)


def _matching(pattern: str) -> Iterator[str]:
    """Yield what a pattern matches, perhaps twice; ** follows no links, as a folder's name does not: one could lead back."""
    above, *below = _ANY_FOLDERS.split(pattern, maxsplit=1)
    if not below:
        yield from glob(pattern)  # noqa: PTH207 (also absolute ones)
        return
    for top in glob(above) if above else [""]:  # noqa: PTH207
        for parent, _ in _folders(top or os.curdir):
            here = parent if top else parent.removeprefix(os.curdir).removeprefix(os.sep)
            yield from _matching(os.path.join(escape(here), below[0] or "*"))  # noqa: PTH118 (as it was named)


def _below(folder: str) -> Iterator[str]:
    for parent, files in _folders(folder):
        yield from (os.path.join(parent, each) for each in files if not each.startswith("."))  # noqa: PTH118 (as it was named)


def _folders(top: str) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder and those below it, each with the names of its files; links are not followed, nor is what is hidden."""
    for parent, folders, files in os.walk(top):
        folders[:] = [each for each in folders if not each.startswith(".")]
        yield parent, files


def _input(path: str, kind: Kind | None) -> Input:
    kind = kind or _kind_of(path)
    if kind is None:
        raise UnusableInput(f"{path}: its name does not say what it holds; {ACCEPTED} do, or --input-format")
    try:
        return Input(path, kind, Path(path).stat().st_size)
    except OSError:  # it will be said when its turn comes
        return Input(path, kind, 0)


def _kind_of(path: str) -> Kind | None:
    bare = path.lower()
    for suffix in _COMPRESSED:
        bare = bare.removesuffix(suffix)
    return _KINDS.get(Path(bare).suffix)
