"""Other systems' formats: what each module reads becomes documents in the one format, what it writes is made from them."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from guillemet_evaluation.documents import Document
from guillemet_evaluation.formats import bio, brat, citron, fracas, gendergaptracker
from guillemet_evaluation.formats.files import Intake
from guillemet_evaluation.formats.placing import moved
from guillemet_evaluation.reading import Collected, read_documents
from guillemet_evaluation.validation import Fault, InvalidDocuments


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
    path: str | os.PathLike[str], format: Format, texts: Mapping[str, str], *, unplaced: list[Fault] | None = None
) -> tuple[Document, ...]:
    """Return the documents of a file or folder, in order.

    Args:
        path: Of the file or folder.
        format: One of `READABLE`.
        texts: By document id, for formats that name no text. A document of another text than here is moved to it.
        unplaced: Takes what is said of words that have no place in their text. A quotation of such words has no spans; a cue,
            a source or a mention of such words is left out. None: they are faults like others.

    Raises:
        InvalidDocuments: With every fault.
    """
    collected = Collected(os.fspath(path), is_gold=False)
    report = collected.fault if unplaced is None else unplaced.append
    if format is Format.GUILLEMET:
        documents = list(read_documents(path))
        for fault in _without_place(documents):
            report(fault)
    else:
        _READERS[format](Intake(Path(path), collected, texts, report))
        documents = [_on(document, texts.get(document.id, document.text), report) for document in collected.sound]
    collected.documents()
    return tuple(documents)


def read_predictions(
    path: str | os.PathLike[str], format: Format, gold: Iterable[Document], *, unplaced: list[Fault] | None = None
) -> tuple[Document, ...]:
    """Return the predictions of a file or folder, on the texts of the gold documents.

    Words without a place in the text cost the system what it said with them: a quotation of such words has no spans and
    matches nothing, a cue or a source of such words counts as not said.

    Args:
        path: As `read`.
        format: As `read`.
        gold: The documents that are predicted.
        unplaced: Takes what is said of such words.

    Raises:
        InvalidDocuments: With every other fault.
    """
    texts = {document.id: document.text for document in gold}
    return read(path, format, texts, unplaced=[] if unplaced is None else unplaced)


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
    if format is not Format.GUILLEMET and (faults := list(_without_place(documents))):
        raise InvalidDocuments(os.fspath(path), faults)
    _WRITERS[format](documents, Path(path))


def _without_place(documents: Iterable[Document]) -> Iterator[Fault]:
    for document in documents:
        for index, quotation in enumerate(document.quotations):
            if not quotation.spans:
                reason = "is empty: its words have no place in the text"
                yield Fault(reason, document=document.id, field=f"quotations[{index}].spans")


def _on(document: Document, text: str, unplaced: Callable[[Fault], None]) -> Document:
    if text == document.text:
        return document
    there, missing = moved(document, text)
    for path, reason in missing:
        unplaced(Fault(f"its words {reason}", document=document.id, field=path))
    return there
