"""The files that the command line is given, each read whole."""

import sys
from pathlib import Path

STDIN = "-"
_JSON_LINES = (".jsonl", ".ndjson")


class UnreadableFile(Exception):  # noqa: N818 (named by what happened)
    """A file holds no text or no documents; the message says what was wrong and what is accepted."""


def name_of(path: str) -> str:
    """Return the name that stands for a file in answers and messages."""
    return "stdin" if path == STDIN else path or '""'


def is_json_lines(path: str) -> bool:
    """Tell whether a file's name says that it holds a document a line, not a text."""
    return path.lower().endswith(_JSON_LINES)


def read_text(path: str) -> str:
    """Return the text of a file, or of the standard input for "-".

    Every character stays: line ends are not translated and a byte order mark is U+FEFF, so that offsets index the file's text.

    Raises:
        UnreadableFile: It cannot be read, is not UTF-8, or holds nothing but white space.
    """
    if not path:
        raise UnreadableFile("an empty path; the path of a readable text file is accepted")
    if path == STDIN and sys.stdin is None:
        raise UnreadableFile("closed; a text is accepted")
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise UnreadableFile(f"cannot be read ({error.strerror}); a readable text file is accepted") from error
    except ValueError as error:  # a NUL in the path
        raise UnreadableFile(f"cannot be read ({error}); a readable text file is accepted") from error
    text = to_text(data)
    if not text:
        raise UnreadableFile("empty; a text is accepted")
    if not text.strip("\ufeff").strip():
        raise UnreadableFile("holds nothing but white space; a text is accepted")
    return text


def to_text(data: bytes) -> str:
    """Return the text that a file's bytes are.

    Raises:
        UnreadableFile: They are not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"not UTF-8: byte 0x{data[error.start]:02X} at byte offset {error.start:,}; UTF-8 text is accepted"
        ) from error
