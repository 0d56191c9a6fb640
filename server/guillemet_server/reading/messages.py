"""What a server and a process that reads for it say to each other: pickles, for they are one program alone with itself."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

from guillemet_models.document import Document
from guillemet_models.steps import Step


class Read(NamedTuple):
    """An answer: what was found."""

    documents: list[Document]
    steps: list[Step]


class Failed(NamedTuple):
    """No answer: the model cannot be loaded, or fails with these texts."""

    exception: str  # its type; its message might quote a text


class Asked(NamedTuple):
    """A question before an answer: does nobody want these texts any more? A bool is awaited."""


def send(message: Any, stream: BinaryIO) -> None:
    """Send it to the other process.

    Raises:
        EOFError: There is none any more.
    """
    with _unbroken():
        pickle.dump(message, stream, pickle.HIGHEST_PROTOCOL)
        stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Wait for what the other process sends.

    Raises:
        EOFError: There is none any more.
    """
    with _unbroken():
        return pickle.load(stream)  # noqa: S301 (see the module's docstring)


@contextmanager
def _unbroken() -> Iterator[None]:
    """Raise EOFError for a pipe that is broken, within a message or before it, or closed at this end."""
    try:
        yield
    except (OSError, ValueError, pickle.UnpicklingError) as error:
        raise EOFError from error
