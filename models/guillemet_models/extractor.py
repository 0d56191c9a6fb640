"""The whole way of a document, batched: the one class that a server needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from guillemet_models.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDescription:
    """What is loaded."""

    name: str
    version: str
    sha256: str  # of the weights, hexadecimal
    runtime: str  # "onnx" or "torch"
    precision: str  # "float32", "int8" or "bfloat16"
    threads: int


class Interrupted(Exception):  # noqa: N818 (it is no error: the caller asked for it)
    """The caller's `interrupted` said so between two windows."""


class Extractor:
    """Texts in, documents out.

    Safe to call from one thread at a time; the runtime itself uses `threads` and releases the GIL.
    """

    description: ModelDescription

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int | None = None) -> "Extractor":
        """Load a model folder, or the embedded model.

        Args:
            folder: With ``config.json``, ``tokenizer.json`` and the ONNX weights. None: the embedded model.
            threads: For inference. None: the CPUs this process may use.

        Raises:
            ModelFileError: A file is missing, damaged or of another format; the message names it.
        """
        raise NotImplementedError

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has: the unit in which work is measured."""
        raise NotImplementedError

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool] | None = None) -> list[Document]:
        """Return the documents of `texts`, in order.

        Args:
            texts: Any length each; long ones are read in overlapping windows. May be empty.
            interrupted: Asked between windows; when it says yes, the call ends with `Interrupted`.

        Raises:
            Interrupted: As asked.
        """
        raise NotImplementedError
