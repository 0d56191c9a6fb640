"""What a server and a process that reads for it say to each other: pickles, for they are one program alone with itself."""

import pickle
from typing import Any, BinaryIO, NamedTuple

from guillemet_models.document import Document
from guillemet_models.steps import Step
from guillemet_models.weights import ModelSettings


class Loaded(NamedTuple):
    """The first answer: what will read."""

    program: str  # its version
    settings: ModelSettings


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
    try:
        pickle.dump(message, stream, pickle.HIGHEST_PROTOCOL)
        stream.flush()
    except (OSError, ValueError) as error:  # broken there, closed here
        raise EOFError from error


def receive(stream: BinaryIO) -> Any:
    """Wait for what the other process sends.

    Raises:
        EOFError: There is none any more, or none that can be understood.
    """
    try:
        return pickle.load(stream)  # noqa: S301 (see the module's docstring)
    except Exception as error:  # whatever half a message, or none of ours, makes of pickle
        raise EOFError from error
