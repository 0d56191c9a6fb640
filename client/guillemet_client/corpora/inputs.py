"""What the command line names, as files to read: each with its kind, in an order that is the same every time."""

import errno
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from glob import has_magic
from pathlib import Path
from typing import NoReturn

from guillemet_client._files import STDIN

_SEPARATORS = re.compile(f"[/{re.escape(os.sep)}]+")
_ANY_FOLDERS = "**"  # of a pattern, stands for any number of them
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # the last: a link that leads to itself
_OF_OTHER_RUNS = (".failures.jsonl", ".partial")  # no corpus, unless it is named
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")


class Kind(StrEnum):
    """How documents stand in a file."""

    TXT = "txt"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    PARQUET = "parquet"


_KINDS = {
    ".txt": Kind.TXT,
    ".jsonl": Kind.JSONL,
    ".ndjson": Kind.JSONL,
    ".csv": Kind.CSV,
    ".tsv": Kind.TSV,
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
    can_be_reread: bool  # unlike a pipe, of which nothing is read twice


def find_inputs(named: Sequence[str], *, kind: Kind | None, written: Collection[Path]) -> list[Input]:
    """Return the files that are meant, each once.

    Args:
        named: Files, folders (read with their subfolders, what is hidden left out), patterns, "-". Of folders and patterns what
            runs write beside their outputs is left out, too.
        kind: Of every file; None: as its name says, and JSONL for the standard input.
        written: Files that are no input, for they are written.

    Raises:
        UnusableInput: One of them means no file, or one that is not there or is written, or a folder that cannot be read.
    """
    excluded = {os.path.realpath(path) for path in written}
    found = {each.path: each for name in named for each in _meant(name, kind, excluded)}
    return list(found.values())


def _meant(name: str, kind: Kind | None, excluded: Collection[str]) -> Iterator[Input]:
    if name == STDIN:
        if kind is Kind.PARQUET:
            _refuse_piped_parquet("stdin")
        yield Input(STDIN, kind or Kind.JSONL, 0, can_be_reread=False)
        return
    if not name:
        raise UnusableInput("an empty path is no input; files, folders, patterns and - are")
    if os.path.isdir(name):  # noqa: PTH112 (a NUL in it is no error here)
        paths = sorted(_below(name))
    elif os.path.exists(name):  # noqa: PTH110
        if os.path.realpath(name) in excluded:
            raise UnusableInput(f"{name}: is written, so it cannot be read")
        yield _input(name, kind)
        return
    elif has_magic(name):
        paths = sorted(path for path in set(_matching(name)) if not os.path.isdir(path))  # noqa: PTH112
    else:
        raise UnusableInput(f"{name}: no such file or folder")
    own = [path for path in paths if not path.endswith(_OF_OTHER_RUNS)]
    meant = [path for path in own if (kind or _kind_of(path)) and os.path.realpath(path) not in excluded]
    if not meant:
        raise UnusableInput(f"{name}: means no file that can be read; {ACCEPTED} are, also compressed")
    for path in meant:
        yield _input(path, kind)


def _matching(pattern: str) -> Iterable[str]:
    """Return what a pattern matches, perhaps twice; ** follows no links, as a folder's name does not: one could lead back."""
    top = Path(pattern).anchor
    parts = _SEPARATORS.split(pattern[len(top) :])
    found: Iterable[str] = [top]
    for part in [*parts, "*"] if parts[-1] == _ANY_FOLDERS else parts:
        found = [path for folder in found for path in _matching_in(folder, part)]
    return found


def _matching_in(folder: str, part: str) -> Iterator[str]:
    """Yield what a part of a pattern matches in a folder, which is named "" if it is the one that the command runs in."""
    if part == _ANY_FOLDERS:
        for parent, _ in _folders(folder or os.curdir):
            yield parent if folder else parent.removeprefix(os.curdir).removeprefix(os.sep)
    elif has_magic(part):
        for name in _names_in(folder or os.curdir):
            if fnmatch(name, part) and (part.startswith(".") or not name.startswith(".")):
                yield os.path.join(folder, name)  # noqa: PTH118 (as it was named)
    else:
        path = os.path.join(folder, part)  # noqa: PTH118
        if _is_there(path):
            yield path


def _below(folder: str) -> Iterator[str]:
    for parent, files in _folders(folder):
        yield from (os.path.join(parent, each) for each in files if not each.startswith("."))  # noqa: PTH118 (as it was named)


def _folders(top: str) -> Iterator[tuple[str, list[str]]]:
    """Yield a folder and those below it, each with the names of its files; links are not followed, nor is what is hidden."""
    for parent, folders, files in os.walk(top, onerror=_refuse_unless_absent):
        folders[:] = [each for each in folders if not each.startswith(".")]
        yield parent, files


def _names_in(folder: str) -> list[str]:
    """Return what is in a folder; nothing is in what is none."""
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError as error:
        _refuse_unless_absent(error)
        return []


def _is_there(path: str) -> bool:
    try:
        os.lstat(path)
    except ValueError:  # a NUL in it
        return False
    except OSError as error:
        _refuse_unless_absent(error)
        return False
    return True


def _refuse_unless_absent(error: OSError) -> None:
    """Refuse what cannot be looked into: its documents would be missed by nobody."""
    if error.errno not in _ABSENT:
        raise UnusableInput(f"{error.filename}: cannot be read ({error.strerror}); folders that can be are accepted") from error


def _input(path: str, kind: Kind | None) -> Input:
    kind = kind or _kind_of(path)
    if kind is None:
        raise UnusableInput(f"{path}: its name does not say what it holds; {ACCEPTED} do, or --input-format")
    if kind is Kind.PARQUET and path.lower().endswith(_COMPRESSED):
        raise UnusableInput(f"{path}: Parquet is compressed within, and read as .parquet only")
    try:
        status = Path(path).stat()
    except OSError:  # it will be said when its turn comes
        return Input(path, kind, 0, can_be_reread=False)
    is_file = stat.S_ISREG(status.st_mode)
    if kind is Kind.PARQUET and not is_file:
        _refuse_piped_parquet(path)
    return Input(path, kind, status.st_size, can_be_reread=is_file)


def _refuse_piped_parquet(name: str) -> NoReturn:
    raise UnusableInput(f"{name}: Parquet is read from files only")


def _kind_of(path: str) -> Kind | None:
    bare = path.lower()
    for suffix in _COMPRESSED:
        bare = bare.removesuffix(suffix)
    return _KINDS.get(Path(bare).suffix)
