r"""brat's standoff files: `ID.txt` and, beside it, `ID.ann`.

Source: brat.nlplab.org/standoff.html, and `server/src/annotation.py` and `annotator.py` of github.com/nlplab/brat. Stretches
are text-bound annotations (`T1\tDirect_Quotation 0 5;16 23\twords`), labels and relations those of FRACAS' scheme. The
mentions of one entity are an `Equiv`; a kind that shares its label with another is an attribute (`A1\tKind T1 unnamed`); what
else the one format says is a JSON object in the note of the entity's first mention, or of the quotation (`#1\tAnnotatorNotes
T1\t{"name": ...}`), where brat shows it and lets it be edited. Any other note is a remark of people and read over.

Nothing is lost but blank line ends at the bounds of spans: as brat itself does, a stretch over several lines is written a
part a line, and parts with nothing but the end of a line between them are read as one.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote

from guillemet_client import Span
from guillemet_evaluation.decoding import json_of
from guillemet_evaluation.documents import Document
from guillemet_evaluation.folders import files_below, list_below
from guillemet_evaluation.formats.annotating import annotations_of
from guillemet_evaluation.formats.files import Intake, read_text
from guillemet_evaluation.formats.interpreting import document_of
from guillemet_evaluation.formats.scheme import (
    ENDS,
    EQUIV,
    LABELS,
    NOWHERE,
    SPEAKERS,
    Annotation,
    Annotations,
    Relation,
    kind_of,
)
from guillemet_evaluation.reading import Collected
from guillemet_evaluation.validation import Fault, InvalidDocuments

_TEXT_BOUND = re.compile(r"(T\d+)\t(\S+) (\d{1,12} \d{1,12}(?:;\d{1,12} \d{1,12})*)(?:\t(.*))?")
_RELATION = re.compile(r"R\d+\t(\S+) \S+?:(\S+) \S+?:(\S+)\s*")
_EQUIV = re.compile(r"\*\tEquiv (\S+(?: \S+)+)\s*")
_KIND = re.compile(r"A\d+\tKind (\S+) (\S+)\s*")
_NOTE = re.compile(r"#\d*\t\S+ (\S+)(?:\t(.*))?")
_ACCEPTED = "text-bound annotations, relations, Equiv, the attribute Kind and notes are accepted"

# At which programs end a line, and brat a part; a tab ends a field.
_BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_LINE = re.compile(f"[^{_BREAKS}]+")
_BREAK = re.compile(f"[{_BREAKS}]")
# Of ids, no part of the name of a file.
_UNSAFE = re.compile(r'[%/\\:*?"<>|\x00-\x1f\x7f]|^\.')

_LONGEST_NAME_BYTES = 255


def read(intake: Intake) -> None:
    """Read an annotation file, or all below a folder, each with its text."""
    path, collected = intake.path, intake.collected
    if not path.is_dir():
        _Reading(path, "", path.stem, collected).document()
        return
    for file in files_below(path, ".ann", collected.fault):
        name = file.relative_to(path)
        _Reading(file, name.as_posix(), name.with_suffix("").as_posix(), collected).document()
    for file in list_below(path, ".txt", lambda _: None):  # what cannot be read is said already
        if not file.with_suffix(".ann").exists():
            what = f"has no {file.stem}.ann beside it; an empty one stands for a text without quotations"
            collected.fault(Fault(what, file.relative_to(path).as_posix()))


def write(documents: Sequence[Document], path: Path) -> None:
    """Write two files a document into a folder, and the `annotation.conf` that brat needs to show and edit them.

    Raises:
        InvalidDocuments: A span holds no word for brat to show, or an id is too long for the name of a file.
    """
    marked = {of_text.id: annotations_of(of_text) for of_text in documents}
    faults = [
        Fault(f"has a span without a word, {list(span)}, which brat cannot show", document=document)
        for document, annotations in marked.items()
        for annotation in annotations.by_id.values()
        for span in annotation.spans
        if span != NOWHERE and not _parts(span, annotations.text)
    ]
    names = {document: _UNSAFE.sub(lambda unsafe: f"%{ord(unsafe[0]):02X}", document) for document in marked}
    faults += [
        Fault(f"is longer, as the name of a file, than {_LONGEST_NAME_BYTES} bytes", document=f"{document[:40]}…", field="id")
        for document, name in names.items()
        if len(f"{name}.txt".encode()) > _LONGEST_NAME_BYTES
    ]
    if faults:
        raise InvalidDocuments(str(path), faults)
    path.mkdir(parents=True, exist_ok=True)
    for document, annotations in marked.items():
        name = names[document]
        (path / f"{name}.txt").write_text(annotations.text, encoding="utf-8", newline="")
        (path / f"{name}.ann").write_text("".join(f"{line}\n" for line in _lines(annotations)), encoding="utf-8", newline="")
    (path / "annotation.conf").write_text(_configuration(), encoding="utf-8")


def _lines(marked: Annotations) -> Iterator[str]:
    numbers: defaultdict[str, int] = defaultdict(int)

    def next_id(letter: str) -> str:
        numbers[letter] += 1
        return f"{letter}{numbers[letter]}"

    for key, annotation in marked.by_id.items():
        parts = [part for span in annotation.spans for part in _parts(span, marked.text)] or [NOWHERE]
        bounds = ";".join(f"{begin} {end}" for begin, end in parts)
        yield f"T{key}\t{annotation.label} {bounds}\t{' '.join(part.of(marked.text) for part in parts)}"
        note = dict(annotation.note)
        if annotation.is_speaker and "kind" in note:
            yield f"{next_id('A')}\tKind T{key} {note.pop('kind')}"
        if note:
            words = _BREAK.sub(lambda end: f"\\u{ord(end[0]):04x}", json.dumps(note, ensure_ascii=False))
            yield f"{next_id('#')}\tAnnotatorNotes T{key}\t{words}"
    mentions: defaultdict[str, list[str]] = defaultdict(list)
    for relation in marked.relations:
        if relation.label == EQUIV:
            mentions[relation.first].append(relation.second)
        else:
            yield f"{next_id('R')}\t{relation.label} Arg1:T{relation.first} Arg2:T{relation.second}"
    for first, others in mentions.items():
        yield f"*\tEquiv {' '.join(f'T{key}' for key in (first, *others))}"


def _parts(span: Span, text: str) -> list[Span]:
    """Return the lines of a span that are not blank."""
    found = _LINE.finditer(span.of(text))
    return [Span(span.begin + line.start(), span.begin + line.end()) for line in found if line[0].strip()]


def _joined(parts: Sequence[Span], text: str) -> tuple[Span, ...]:
    """Return the spans that parts stand for, in order."""
    spans: list[Span] = []
    for part in sorted(parts):
        gap = text[spans[-1].end : part.begin] if spans else ""
        if not gap.strip() and _BREAK.search(gap):
            spans[-1] = Span(spans[-1].begin, part.end)
        else:
            spans.append(part)
    return tuple(spans)


def _configuration() -> str:
    """Return what brat has to know of the scheme."""
    relations = [
        f"{label}\tArg1:{'|'.join(sorted(first))}, Arg2:{'|'.join(sorted(second))}"
        + (", <REL-TYPE>:symmetric-transitive" if label == EQUIV else "")
        for label, (first, second) in ENDS.items()
    ]
    kinds = "|".join(kind for kind, label in SPEAKERS.items() if kind_of(label) is not kind)
    return "\n".join(
        [
            *("[entities]", *sorted(LABELS)),
            *("[relations]", *relations, "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>"),
            *("[events]", "[attributes]", f"Kind\tArg:{'|'.join(sorted(set(SPEAKERS.values())))}, Value:{kinds}", ""),
        ]
    )


class _Reading:
    """One annotation file."""

    def __init__(self, path: Path, name: str, document: str, collected: Collected) -> None:
        self.path = path
        self.name = name  # below the folder that is read; "" if it is read alone
        self.id = unquote(document)
        self.collected = collected
        self.text = ""
        self.where = name
        self.by_id: dict[str, Annotation] = {}
        self.relations: list[Relation] = []
        self.notes: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self.places: dict[str, str] = {}  # of notes, by what they are about

    def document(self) -> None:
        n_faults = self.collected.n_faults
        beside = self.path.with_suffix(".txt")
        text = read_text(beside, str(PurePath(self.name).with_suffix(".txt")) if self.name else beside.name, self.collected)
        lines = read_text(self.path, self.name, self.collected)
        if text is None or lines is None:
            return
        self.text = text
        for number, line in enumerate(lines.removeprefix("\ufeff").split("\n"), start=1):
            self.where = f"{self.name}, line {number}" if self.name else f"line {number}"
            if line.strip():
                self.line(line.removesuffix("\r"))
        for about in sorted(self.notes.keys() - self.by_id.keys()):
            self.collected.fault(Fault(f"is about {about[:40]!a}, which does not exist", self.places[about], self.id))
        noted = {key: replace(old, note=self.notes.get(key, {})) for key, old in self.by_id.items()}
        value = document_of(self.id, Annotations(text, noted, self.relations), self.collected.fault)
        if self.collected.n_faults == n_faults:
            self.collected.add(self.name, value)

    def line(self, line: str) -> None:
        if found := _TEXT_BOUND.fullmatch(line):
            self.text_bound(found[1], found[2], found[3], found[4])
        elif found := _RELATION.fullmatch(line):
            self.relations.append(Relation(found[1], found[2], found[3], self.where))
        elif found := _EQUIV.fullmatch(line):
            first, *others = found[1].split()
            self.relations += [Relation(EQUIV, first, other, self.where) for other in others]
        elif found := _KIND.fullmatch(line):
            self.note(found[1], {"kind": found[2]})
        elif found := _NOTE.fullmatch(line):
            if (found[2] or "").lstrip().startswith("{"):
                self.json_note(found[1], found[2])
        else:
            self.fault(f"is nothing that can be read; {_ACCEPTED}")

    def text_bound(self, id: str, label: str, bounds: str, words: str | None) -> None:
        parts = [Span(*map(int, pair.split())) for pair in bounds.split(";")]
        if id in self.by_id:
            self.fault(f"{id} is there twice; each has its own id")
            return
        # What stands nowhere after a fault is still there for relations.
        spans: tuple[Span, ...] = (NOWHERE,)
        if outside := next((part for part in parts if not part.begin <= part.end <= len(self.text)), None):
            self.fault(f"{id}: {list(outside)} is reversed or lies outside the text of {len(self.text):,} characters")
        elif words and "".join(words.split()) != "".join("".join(part.of(self.text).split()) for part in parts):
            self.fault(
                f"{id}: its words are not those of the text at its offsets, which count characters, line ends as they are"
            )
        else:
            spans = _joined(parts, self.text)
        self.by_id[id] = Annotation(label, spans, where=self.where)

    def json_note(self, about: str, words: str) -> None:
        try:
            value = json_of(words)
        except ValueError as error:
            self.fault(f"the note of {about} {error}")
        else:
            self.note(about, value)

    def note(self, about: str, fields: Mapping[str, Any]) -> None:
        if twice := self.notes[about].keys() & fields.keys():
            self.fault(f"says the {min(twice)[:40]} of {about} once more")
        self.notes[about] |= fields
        self.places[about] = self.where

    def fault(self, reason: str) -> None:
        self.collected.fault(Fault(reason, self.where, self.id))
