"""FRACAS' JSON: stretches of a text, `{id, label, text, char_span: [[begin, end], ...]}`, and `[id, label, first, second]`.

Source: `citations_masc_computing/dataset_builders/rcv2.py` and `src/utils/dataset_utils.py` of
github.com/ange-richard/genderednews-tools: `{id, text, entities, relations}` a line or a file, with labels as words. Only its
own labels are written, so that its programs read it: the mentions of an entity lead to the one that names it by `Refers`, a
quotation without a source is quoted in by its speaker, and a source that is neither a pronoun nor a mention counts as one more
mention, or as somebody else's if nobody is known.

Lost: roles, institutions, probabilities, ids but the document's, entities without mentions, speakers without entities; names
(read: the words of the mention that the others lead to); the kinds "unnamed" and "document" (read: "person", "institution"). A
quotation without a type cannot be written.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guillemet_client import EntityKind, Span
from guillemet_evaluation.documents import Document
from guillemet_evaluation.formats.annotating import annotations_of
from guillemet_evaluation.formats.files import Intake, json_values
from guillemet_evaluation.formats.interpreting import document_of
from guillemet_evaluation.formats.scheme import (
    ARTICLE,
    EQUIV,
    NOWHERE,
    QUOTED_IN,
    REFERS,
    SOURCE,
    SPEAKERS,
    SPEAKS_IN,
    Annotation,
    Annotations,
    Relation,
)
from guillemet_evaluation.reading import Collected
from guillemet_evaluation.validation import Fault, InvalidDocuments

LOST = "roles, institutions, probabilities, names that are no mention, speakers without one, and the kinds unnamed and document"

_FIELDS = frozenset({"id", "text", "entities", "relations"})
# Its programs take ids for 32-bit integers; an id that is no such number stays a string.
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
# Offsets beyond it are no offsets.
_MOST = 10**12


def read(intake: Intake) -> None:
    """Read a file of a document a line, a file of one document, or a folder of these."""
    for _, where, value in json_values(intake.path, intake.collected):
        _Reading(where, intake.collected).document(value)


def write(documents: Sequence[Document], path: Path) -> None:
    """Write a document a line, whatever the name: it is read so.

    Raises:
        InvalidDocuments: A quotation has no type.
    """
    faults = [
        Fault("is not said, and FRACAS has no label for that", document=document.id, field=f"quotations[{index}].type")
        for document in documents
        for index, quotation in enumerate(document.quotations)
        if quotation.type is None
    ]
    if faults:
        raise InvalidDocuments(str(path), faults)
    lines = [json.dumps(_value(document), ensure_ascii=False) for document in documents]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")


def _value(document: Document) -> dict[str, Any]:
    marked = _in_its_labels(annotations_of(document))
    return {
        **document.attributes,
        "id": int(document.id) if _NUMBER.fullmatch(document.id) else document.id,
        "text": document.text,
        "entities": [
            {
                "id": int(key),
                "label": annotation.label,
                "text": " ".join(span.of(document.text) for span in annotation.spans),
                "char_span": [list(span) for span in annotation.spans],
            }
            for key, annotation in marked.by_id.items()
        ],
        "relations": [
            [number, relation.label, int(relation.first), int(relation.second)]
            for number, relation in enumerate(marked.relations, start=1)
        ],
    }


def _in_its_labels(marked: Annotations) -> Annotations:
    """Return annotations without ours."""
    theirs = Annotations(marked.text)
    antecedents = {relation.first: relation.second for relation in marked.relations if relation.label == REFERS}
    for key, annotation in marked.by_id.items():
        label = annotation.label
        if label == SOURCE:
            label = marked.by_id[antecedents[key]].label if key in antecedents else SPEAKERS[EntityKind.PERSON]
        if label != ARTICLE and NOWHERE not in annotation.spans:
            theirs.by_id[key] = Annotation(label, annotation.spans)
    for relation in marked.relations:
        first, second = relation.first, relation.second
        if theirs.by_id.keys() >= {first, second}:
            if relation.label == EQUIV:
                theirs.relations.append(Relation(REFERS, second, first))
            else:
                theirs.relations.append(Relation(QUOTED_IN if relation.label == SPEAKS_IN else relation.label, first, second))
    return theirs


class _Reading:
    """One document."""

    def __init__(self, where: str, collected: Collected) -> None:
        self.where = where
        self.collected = collected
        self.id: str | None = None

    def document(self, value: Any) -> None:
        n_faults = self.collected.n_faults
        if not isinstance(value, Mapping):
            self.fault("", "is no object; a document of FRACAS is accepted")
            return
        text = value.get("text")
        self.id = _id_of(value.get("id"))
        if self.id is None:
            self.fault("id", "is missing or neither a number nor a string")
        if not isinstance(text, str):
            self.fault("text", "is missing or no string")
        for name in ("entities", "relations"):
            if not isinstance(value.get(name), list):
                self.fault(name, "is missing or no list")
        if self.id is None or not isinstance(text, str) or self.collected.n_faults > n_faults:
            return
        marked = Annotations(text)
        for index, entity in enumerate(value["entities"]):
            self.entity(f"entities[{index}]", entity, marked)
        for index, relation in enumerate(value["relations"]):
            self.relation(f"relations[{index}]", relation, marked)
        document = document_of(self.id, marked, self.collected.fault)
        if self.collected.n_faults == n_faults:
            self.collected.add(self.where, {name: value[name] for name in value if name not in _FIELDS} | document)

    def entity(self, path: str, value: Any, marked: Annotations) -> None:
        key = _id_of(value.get("id")) if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or key is None or not isinstance(value.get("label"), str):
            self.fault(path, "is no object with an id, a label and a char_span")
            return
        if key in marked.by_id:
            self.fault(f"{path}.id", "is the id of an entity before it; each has its own")
        spans = self.spans(f"{path}.char_span", value.get("char_span"), len(marked.text))
        words = value.get("text")
        if NOWHERE not in spans and words is not None and _bare(words) != _bare(*(span.of(marked.text) for span in spans)):
            self.fault(f"{path}.text", "holds other words than the text at char_span")
        marked.by_id[key] = Annotation(value["label"], spans, where=self.where, path=path)

    def spans(self, path: str, value: Any, length: int) -> tuple[Span, ...]:
        """Return the spans in order, or after a fault what stands nowhere."""
        is_list = isinstance(value, list) and bool(value)
        if not is_list or not all(
            isinstance(pair, list) and len(pair) == 2 and all(type(bound) is int and abs(bound) < _MOST for bound in pair)
            for pair in value
        ):
            self.fault(path, "is no list of spans [begin, end]")
            return (NOWHERE,)
        spans = tuple(sorted(Span(*pair) for pair in value))
        if outside := next((span for span in spans if not 0 <= span.begin < span.end <= length), None):
            self.fault(path, f"{list(outside)} is empty, reversed or outside the text of {length:,} characters")
            return (NOWHERE,)
        return spans

    def relation(self, path: str, value: Any, marked: Annotations) -> None:
        ends = [_id_of(end) for end in value[2:]] if isinstance(value, list) and len(value) == 4 else [None]
        if None in ends or not isinstance(value[1], str):
            self.fault(path, "is no list of an id, a label and the ids of two entities")
        else:
            marked.relations.append(Relation(value[1], str(ends[0]), str(ends[1]), self.where, path))

    def fault(self, path: str, reason: str) -> None:
        self.collected.fault(Fault(reason, self.where, self.id, path))


def _id_of(value: Any) -> str | None:
    return str(value) if type(value) is int or isinstance(value, str) else None


def _bare(*words: Any) -> str:
    """Return words without white space, by which joined parts differ."""
    return "".join("".join(str(part).split()) for part in words)
