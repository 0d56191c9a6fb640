"""Other systems' formats: what each module reads becomes documents in the one format, what it writes is made from them."""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from guillemet_evaluation.documents import Document
from guillemet_evaluation.formats import bio, brat, citron, fracas, gendergaptracker
from guillemet_evaluation.formats.files import Intake
from guillemet_evaluation.formats.placing import moved
from guillemet_evaluation.reading import Collected, read_documents
from guillemet_evaluation.validation import Fault


class Format(StrEnum):
    """A format of documents, by its name on the command line."""

    GUILLEMET = "guillemet"
    """The one format (docs/format.md)."""
    BRAT = "brat"
    FRACAS = "fracas"
    CITRON = "citron"
    """Read only."""
    GENDERGAPTRACKER = "gendergaptracker"
    """Read only."""
    BIO = "bio"
    """Written only."""


def _write_guillemet(documents: Sequence[Document], path: Path) -> None:
    lines = [json.dumps(document.to_json(), ensure_ascii=False) for document in documents]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")


_READERS: Mapping[Format, Callable[[Intake], None]] = {
    Format.BRAT: brat.read,
    Format.FRACAS: fracas.read,
    Format.CITRON: citron.read,
    Format.GENDERGAPTRACKER: gendergaptracker.read,
}
_WRITERS: Mapping[Format, Callable[[Sequence[Document], Path], None]] = {
    Format.GUILLEMET: _write_guillemet,
    Format.BRAT: brat.write,
    Format.FRACAS: fracas.write,
    Format.BIO: bio.write,
}

READABLE = (Format.GUILLEMET, *_READERS)
WRITABLE = tuple(_WRITERS)

# What documents may hold and a written format has no place for.
LOST: Mapping[Format, str] = {Format.FRACAS: fracas.LOST, Format.BIO: bio.LOST}


def read(
    path: str | os.PathLike[str], format: Format, texts: Mapping[str, str], *, left_out: list[Fault] | None = None
) -> tuple[Document, ...]:
    """Return the documents of a file or folder, in order.

    Args:
        path: Of the file or folder.
        format: One of `READABLE`.
        texts: By document id, for formats that name no text. A document of another text than here is moved to it.
        left_out: Takes what is said of words that have no place in their text, which are then left out: a quotation whose
            content is not there, else a cue, a source or a mention alone. None: that is a fault like others.

    Raises:
        InvalidDocuments: With every fault.
    """
    if format is Format.GUILLEMET:
        return read_documents(path)
    collected = Collected(os.fspath(path), is_gold=False)
    unplaced = collected.fault if left_out is None else left_out.append
    _READERS[format](Intake(Path(path), collected, texts, unplaced))
    documents = [_on(document, texts.get(document.id, document.text), unplaced) for document in collected.sound]
    collected.documents()
    return tuple(documents)


def read_predictions(path: str | os.PathLike[str], format: Format, gold: Iterable[Document]) -> tuple[Document, ...]:
    """Return the predictions of a file or folder, on the texts of the gold documents.

    Raises:
        InvalidDocuments: With every fault; words of a prediction that are not in the text are faults.
    """
    return read(path, format, {document.id: document.text for document in gold})


def write(documents: Sequence[Document], path: str | os.PathLike[str], format: Format) -> None:
    """Write documents into a file, or of brat a folder.

    Args:
        documents: Each with an id of its own.
        path: Of the file or folder; what is there is overwritten.
        format: One of `WRITABLE`.

    Raises:
        InvalidDocuments: The format cannot hold them, with every reason.
        OSError: The file cannot be written.
    """
    _WRITERS[format](documents, Path(path))


def _on(document: Document, text: str, unplaced: Callable[[Fault], None]) -> Document:
    if text == document.text:
        return document
    there, missing = moved(document, text)
    for path, reason in missing:
        unplaced(Fault(f"its words {reason}", document=document.id, field=path))
    return there
