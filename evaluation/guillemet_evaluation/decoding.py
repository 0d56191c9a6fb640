"""Text and JSON from bytes, with one sentence for what is wrong with them; lines without holding a long one in memory."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

# Of one document.
MAX_LINE_BYTES = 2**24
CHUNK_BYTES = 2**20

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"


def lines_of(file: BinaryIO, most_bytes: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines with their numbers, from 1; None for one that is too long, of which no more than a chunk is held."""
    number = 0
    while line := file.readline(most_bytes + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_UTF8_MARK)
        if len(line) <= most_bytes or line.endswith(b"\n"):
            yield number, line
            continue
        while (line := file.readline(CHUNK_BYTES)) and not line.endswith(b"\n"):
            pass
        yield number, None


def text_of(line: bytes | None, most_bytes: int) -> str:
    """Return the text of a line.

    Args:
        line: UTF-8; None: longer than `most_bytes`.
        most_bytes: For the message.

    Raises:
        ValueError: With what is wrong.
    """
    if line is None:
        raise ValueError(f"is longer than {most_bytes:,} bytes; a document a line is accepted")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        hint = ", perhaps UTF-16" if line.startswith(_UTF16_MARKS) else ""
        what = f"is not UTF-8{hint}: byte 0x{line[error.start]:02X} at byte offset {error.start:,}"
        raise ValueError(f"{what}; UTF-8 is accepted") from error


def json_of(text: str) -> Any:
    """Return the JSON value of a text.

    Raises:
        ValueError: With what is wrong.
    """
    if not text.strip():
        raise ValueError("is empty; a JSON value is accepted")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        is_cut = error.msg.startswith("Unterminated") or error.pos >= len(text.rstrip())
        what = "is cut off in the middle of a JSON value" if is_cut else f"is no JSON: {error.msg}"
        line = f"line {error.lineno:,}, " if error.lineno > 1 else ""
        raise ValueError(f"{what} ({line}column {error.colno:,})") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply to be a document") from error
    except ValueError as error:
        # Python's own advice about long numbers is not for who wrote the file.
        reason = "a number has thousands of digits" if "set_int_max_str_digits" in str(error) else str(error)
        raise ValueError(f"is no sound JSON: {reason}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; one that says something twice would lose what it says first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the field {twice[:40]!a} twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
