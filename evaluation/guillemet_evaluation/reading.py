"""Documents from files and from memory, checked whole: either all are sound or every fault is said."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias, cast

import guillemet_client
from guillemet_evaluation.decoding import CHUNK_BYTES, MAX_LINE_BYTES, json_of, lines_of, text_of
from guillemet_evaluation.documents import Document, from_sound_json
from guillemet_evaluation.folders import files_below
from guillemet_evaluation.validation import MOST_LISTED, Fault, InvalidDocuments, faults_of

AnyDocument: TypeAlias = Document | guillemet_client.Document | Mapping[str, Any]
AnyDocuments: TypeAlias = str | os.PathLike[str] | Iterable[AnyDocument]


def as_documents(source: AnyDocuments, *, name: str, is_gold: bool = False) -> tuple[Document, ...]:
    """Return the documents that `source` stands for, in order.

    Args:
        source: Path, see `read_documents`, or documents: of this package, of the client, or as JSON gives them.
        name: Stands for `source` in messages if it is no path.
        is_gold: Whether every field of the format must be there (see `faults_of`).

    Raises:
        InvalidDocuments: With every fault, as `read_documents`.
    """
    if isinstance(source, str | os.PathLike):
        return read_documents(source, is_gold=is_gold)
    collected = Collected(name, is_gold=is_gold)
    for index, document in enumerate(source):
        value = document.to_json() if isinstance(document, Document | guillemet_client.Document) else document
        collected.add(f"documents[{index}]", value)
    return collected.documents()


def read_documents(
    path: str | os.PathLike[str], *, is_gold: bool = False, max_line_bytes: int = MAX_LINE_BYTES
) -> tuple[Document, ...]:
    """Return the documents of JSON lines in the one format, in order; blank lines and a byte order mark are none.

    Args:
        path: Of the file, UTF-8; or of a folder: of all .jsonl files below it, in the order of their names.
        is_gold: Whether every field of the format, and some document, must be there (see `faults_of`).
        max_line_bytes: Beyond it a line is refused without being read into memory.

    Raises:
        InvalidDocuments: It cannot be read, or with every fault of every line; no document is left out in silence.
    """
    collected = Collected(os.fspath(path), is_gold=is_gold)
    given = Path(path)
    if not given.is_dir():
        _read_file(given, "", collected, max_line_bytes)
    else:
        for file in files_below(given, ".jsonl", collected.fault):
            _read_file(file, file.relative_to(given).as_posix(), collected, max_line_bytes)
    return collected.documents()


def _read_file(file: Path, name: str, collected: "Collected", max_line_bytes: int) -> None:
    """Add the documents of a file, which messages call `name` if it is one of a folder."""
    try:
        with file.open("rb", buffering=CHUNK_BYTES) as opened:
            for number, line in lines_of(opened, max_line_bytes):
                collected.read(f"{name}, line {number}".removeprefix(", "), line, max_line_bytes)
    except OSError as error:
        collected.fault(Fault(f"cannot be read ({error.strerror}); a readable file of JSON lines is accepted", name))
    except ValueError as error:  # a NUL in the path
        collected.fault(Fault(f"cannot be read ({error}); a readable file of JSON lines is accepted", name))


def by_id(predictions: Sequence[Document], gold: Sequence[Document], *, name: str = "predictions") -> dict[str, Document]:
    """Return the predictions by their id.

    Args:
        predictions: Of documents in `gold`, not necessarily of all.
        gold: Whose text is that of the prediction, character by character.
        name: Stands for the predictions in messages.

    Raises:
        InvalidDocuments: With every prediction that is of no gold document, or of another text.
    """
    texts = {document.id: document.text for document in gold}
    faults = [_mismatch(prediction, texts) for prediction in predictions if prediction.text != texts.get(prediction.id)]
    if faults:
        raise InvalidDocuments(name, faults[:MOST_LISTED], len(faults))
    return {prediction.id: prediction for prediction in predictions}


def _mismatch(prediction: Document, texts: Mapping[str, str]) -> Fault:
    if prediction.id not in texts:
        return Fault("is predicted, but no gold document has this id", document=prediction.id, field="id")
    text = texts[prediction.id]
    differs = (at for at, (one, other) in enumerate(zip(text, prediction.text, strict=False)) if one != other)
    first = next(differs, min(len(text), len(prediction.text)))
    lengths = f"{len(prediction.text):,} characters, gold has {len(text):,}"
    return Fault(f"differs from the gold text from character {first:,} on ({lengths})", document=prediction.id, field="text")


@dataclass(slots=True)
class Collected:
    """The documents and the faults so far, of one file, folder or list."""

    name: str
    """What messages call it."""
    is_gold: bool = field(kw_only=True)
    sound: list[Document] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    """The first ones."""
    n_faults: int = 0
    places: dict[str, str] = field(default_factory=dict)  # id to where it was

    def documents(self) -> tuple[Document, ...]:
        """Return them, in order.

        Raises:
            InvalidDocuments: With every fault.
        """
        if self.is_gold and not self.sound and not self.n_faults:
            self.fault(Fault("holds no document; at least one is needed"))
        if self.n_faults:
            raise InvalidDocuments(self.name, self.faults, self.n_faults)
        return tuple(self.sound)

    def read(self, where: str, line: bytes | None, max_line_bytes: int) -> None:
        """Add the document of a line, if it is not blank."""
        try:
            text = text_of(line, max_line_bytes).rstrip()
            if text:
                self.add(where, json_of(text))
        except ValueError as error:
            self.fault(Fault(str(error), where))

    def add(self, where: str, value: object) -> None:
        """Add a document in the one format, as JSON gives it, or its faults."""
        faults = [replace(fault, where=where) for fault in faults_of(value, is_gold=self.is_gold)]
        if isinstance(value, Mapping) and isinstance(own := value.get("id"), str):
            first = self.places.setdefault(own, where)
            if first != where:
                faults.append(Fault(f"is the id of {first}, too; each document has its own", where=where, field="id"))
        for fault in faults:
            self.fault(fault)
        if not faults:
            self.sound.append(from_sound_json(cast("Mapping[str, Any]", value)))

    def fault(self, fault: Fault) -> None:
        """Add a fault."""
        self.n_faults += 1
        if len(self.faults) < MOST_LISTED:
            self.faults.append(fault)
