"""From annotations in FRACAS' scheme to a document in the one format, as JSON gives it; its own check comes after."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from guillemet_client import EntityKind, Span
from guillemet_evaluation.formats.scheme import (
    ARTICLE,
    ENDS,
    EQUIV,
    INDICATES,
    LABELS,
    NOWHERE,
    QUOTED_IN,
    REFERS,
    SPEAKS_IN,
    Annotation,
    Annotations,
    Relation,
    hull,
    kind_of,
    type_of,
)
from guillemet_evaluation.validation import Fault

_ENTITY_NOTES = frozenset({"id", "kind", "name", "role", "institution", "probability", "institution_probability"})
_QUOTATION_NOTES = frozenset({"id", "speaker_name", "institution", "probability", "source_probability", "speaker_probability"})


def document_of(id: str, marked: Annotations, report: Callable[[Fault], None]) -> dict[str, Any]:
    """Return the document that annotations stand for.

    Speakers that are linked by `Equiv`, or by `Refers`, are one entity. A pronoun of several antecedents, and a quotation of
    several sources, has a group of them for its speaker; its source is the stretch that holds them all if that stands in one
    line and outside of the content, else the first.

    Args:
        id: The document's.
        marked: Its text and annotations, whose spans lie in it.
        report: Takes what is wrong with labels, relations and notes.
    """
    return _Interpreting(id, marked, report).document()


class _Interpreting:
    def __init__(self, id: str, marked: Annotations, report: Callable[[Fault], None]) -> None:
        self.id = id
        self.text = marked.text
        self.by_id = marked.by_id
        self.report = report
        for annotation in marked.by_id.values():
            self.check_annotation(annotation)
        self.order = {key: number for number, key in enumerate(self.by_id)}
        self.heads = {key: key for key, annotation in self.by_id.items() if annotation.is_speaker}
        # By label and by the annotation that a relation leads to; `Refers` by the one it leads from.
        self.leading_to: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self.antecedents: defaultdict[str, list[str]] = defaultdict(list)
        for relation in filter(self.is_sound, marked.relations):
            if relation.label == REFERS:
                self.antecedents[relation.first].append(relation.second)
            if relation.label in {REFERS, EQUIV}:
                self.join(relation.first, relation.second)
            else:
                self.leading_to[relation.label, relation.second].append(relation.first)
        self.entities = self.named_entities()
        self.groups: dict[tuple[str, ...], dict[str, Any]] = {}

    def document(self) -> dict[str, Any]:
        quotations = [self.quotation(key, annotation) for key, annotation in self.by_id.items() if annotation.is_quotation]
        attributes = [annotation.note for annotation in self.by_id.values() if annotation.label == ARTICLE]
        return {
            **{name: value for note in attributes for name, value in note.items()},
            "id": self.id,
            "text": self.text,
            "entities": [*self.entities.values(), *self.groups.values()],
            "quotations": sorted(quotations, key=lambda quotation: quotation["spans"][0][0]),
        }

    def check_annotation(self, annotation: Annotation) -> None:
        if annotation.label not in LABELS:
            self.fault(annotation, f"is {annotation.label[:40]!a}; {', '.join(sorted(LABELS))} are accepted")
        accepted = _QUOTATION_NOTES if annotation.is_quotation else _ENTITY_NOTES if annotation.is_speaker else frozenset()
        if annotation.label != ARTICLE and (unknown := sorted(set(annotation.note) - accepted)):
            what = f"{', '.join(sorted(accepted))} are accepted" if accepted else "none is accepted there"
            self.fault(annotation, f"has a note of {unknown[0][:40]!a}; {what}")

    def is_sound(self, relation: Relation) -> bool:
        if relation.label not in ENDS:
            self.fault(relation, f"is {relation.label[:40]!a}; {', '.join(ENDS)} are accepted")
            return False
        for end, accepted in zip((relation.first, relation.second), ENDS[relation.label], strict=True):
            if end not in self.by_id:
                self.fault(relation, f"leads to {end[:40]!a}, which does not exist")
                return False
            if (label := self.by_id[end].label) not in accepted:
                ends = " to ".join(" or ".join(sorted(labels)) for labels in ENDS[relation.label])
                self.fault(relation, f"{relation.label} joins {label}; from {ends} is accepted")
                return False
        return True

    def join(self, first: str, second: str) -> None:
        """Make one entity of two speakers; what is no speaker by itself joins none."""
        if first in self.heads and second in self.heads:
            one, other = sorted((self.head(first), self.head(second)), key=self.order.__getitem__)
            self.heads[other] = one

    def head(self, key: str) -> str:
        while self.heads[key] != key:
            key = self.heads[key]
        return key

    def named_entities(self) -> dict[str, dict[str, Any]]:
        """Return the entities by their heads."""
        members: dict[str, list[str]] = {}
        for key in self.heads:
            members.setdefault(self.head(key), []).append(key)
        notes = {head: self.merged_note(keys) for head, keys in members.items()}
        taken = {note["id"] for note in notes.values() if isinstance(note.get("id"), str)}
        self.free_ids = (free for number in itertools.count(1) if (free := f"e{number}") not in taken)
        return {head: self.named_entity(keys, notes[head]) for head, keys in members.items()}

    def merged_note(self, keys: Iterable[str]) -> dict[str, Any]:
        note: dict[str, Any] = {}
        for annotation in map(self.by_id.__getitem__, keys):
            for name, value in annotation.note.items():
                if note.setdefault(name, value) != value:
                    self.fault(annotation, f"has another {name} than another mention of the same entity; one is accepted")
        return note

    def named_entity(self, keys: Sequence[str], note: Mapping[str, Any]) -> dict[str, Any]:
        naming = [key for key in keys if not self.antecedents[key]] or keys
        spans = [self.by_id[key].hull for key in keys]
        said = {} if "id" in note else {"id": next(self.free_ids)}
        return {
            **said,
            "kind": str(kind_of(self.by_id[keys[0]].label)),
            "name": max((self.by_id[key].hull.of(self.text) for key in naming), key=len),
            "role": None,
            "institution": None,
            "mentions": [list(span) for span in sorted(spans) if span != NOWHERE],
            **note,
        }

    def quotation(self, key: str, annotation: Annotation) -> dict[str, Any]:
        sources = self.leading_to[QUOTED_IN, key]
        cues = [self.by_id[cue].hull for cue in self.leading_to[INDICATES, key]]
        speakers = self.speakers(self.leading_to[SPEAKS_IN, key] or sources)
        return {
            "type": type_of(annotation.label),
            "spans": [list(span) for span in sorted(annotation.spans)],
            "cue": list(min(cues)) if cues else None,
            "source": self.source([self.by_id[source].hull for source in sources], annotation.hull),
            "speaker": self.speaker(tuple(speakers)),
            **annotation.note,
        }

    def source(self, spans: Sequence[Span], content: Span) -> list[int] | None:
        if not spans:
            return None
        whole = hull(spans)
        is_apart = whole.end <= content.begin or content.end <= whole.begin
        return list(whole if is_apart and "\n" not in whole.of(self.text) else min(spans))

    def speakers(self, sources: Iterable[str]) -> list[str]:
        """Return the heads of the entities that sources stand for, each once."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = list(sources)
        while waiting:
            key = waiting.pop(0)
            if key in self.heads:
                found[self.head(key)] = None
            elif key not in seen:
                waiting += self.antecedents[key]
            seen.add(key)
        return sorted(found, key=self.order.__getitem__)

    def speaker(self, heads: tuple[str, ...]) -> str | None:
        if not heads:
            return None
        if len(heads) == 1:
            return str(self.entities[heads[0]]["id"])
        if heads not in self.groups:
            names = " et ".join(str(self.entities[head]["name"]) for head in heads)
            group = {"id": next(self.free_ids), "kind": str(EntityKind.GROUP), "name": names, "role": None, "institution": None}
            self.groups[heads] = {**group, "mentions": []}
        return str(self.groups[heads]["id"])

    def fault(self, about: Annotation | Relation, reason: str) -> None:
        self.report(Fault(reason, about.where, self.id, about.path))
