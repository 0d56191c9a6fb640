"""From a document to annotations in FRACAS' scheme, whole: what FRACAS has no label for is in ours and in notes."""

from collections.abc import Mapping, Sequence
from typing import Any

from guillemet_client import Span
from guillemet_evaluation.documents import Document, Entity, Quotation
from guillemet_evaluation.formats.scheme import (
    ARTICLE,
    CUE,
    EQUIV,
    INDICATES,
    NOWHERE,
    PRONOUN,
    QUOTATIONS,
    QUOTED_IN,
    REFERS,
    SOURCE,
    SPEAKERS,
    SPEAKS_IN,
    Annotation,
    Annotations,
    Relation,
    kind_of,
)
from guillemet_evaluation.sources import is_pronoun


def annotations_of(document: Document) -> Annotations:
    """Return the annotations; ids are "1", "2" and so on."""
    annotating = _Annotating(document)
    for quotation in document.quotations:
        annotating.quotation(quotation)
    return annotating.marked


class _Annotating:
    def __init__(self, document: Document) -> None:
        self.text = document.text
        self.marked = Annotations(document.text)
        if document.attributes:
            self.add(ARTICLE, [NOWHERE], document.attributes)
        self.forms = {entity.id: self.entity(entity) for entity in document.entities}
        self.cues: dict[Span, str] = {}
        self.sources: dict[tuple[Span, str | None], str] = {}  # by span and speaker

    def add(self, label: str, spans: Sequence[Span], note: Mapping[str, Any] | None = None) -> str:
        """Add an annotation; return its id."""
        key = str(len(self.marked.by_id) + 1)
        self.marked.by_id[key] = Annotation(label, tuple(spans), note or {})
        return key

    def relate(self, label: str, first: str, second: str) -> None:
        self.marked.relations.append(Relation(label, first, second))

    def entity(self, entity: Entity) -> dict[Span, str]:
        """Add the mentions; return their ids by their spans. An entity without mentions stands nowhere."""
        label = SPEAKERS[entity.kind]
        value = entity.to_json()
        said_by_others = {"mentions", "kind"} if kind_of(label) is entity.kind else {"mentions"}
        note = {name: said for name, said in value.items() if name not in said_by_others and said is not None}
        spans = entity.mentions or (NOWHERE,)
        ids = [self.add(label, [span], note if number == 0 else None) for number, span in enumerate(spans)]
        if len(ids) > 1:
            words = [span.of(self.text) for span in spans]
            naming = max(range(len(ids)), key=lambda number: (words[number] == entity.name, len(words[number])))
            for other in (*ids[:naming], *ids[naming + 1 :]):
                self.relate(EQUIV, ids[naming], other)
        # The first annotation of a span that is given twice.
        return dict(zip(reversed(spans), reversed(ids), strict=True))

    def quotation(self, quotation: Quotation) -> None:
        value = quotation.to_json()
        note = {name: value[name] for name in value if name not in {"type", "spans", "cue", "source", "speaker"}}
        own = self.add(QUOTATIONS[quotation.type], quotation.spans, note)
        if quotation.cue is not None:
            if quotation.cue not in self.cues:
                self.cues[quotation.cue] = self.add(CUE, [quotation.cue])
            self.relate(INDICATES, self.cues[quotation.cue], own)
        forms = {} if quotation.speaker is None else self.forms[quotation.speaker]
        if quotation.source is not None:
            source = forms.get(quotation.source) or self.other_source(quotation.source, quotation.speaker, forms)
            self.relate(QUOTED_IN, source, own)
        elif forms:
            self.relate(SPEAKS_IN, forms[min(forms)], own)

    def other_source(self, span: Span, speaker: str | None, forms: Mapping[Span, str]) -> str:
        """Return the id of a source that is no mention of its speaker."""
        key = (span, speaker)
        if key not in self.sources:
            self.sources[key] = self.add(PRONOUN if is_pronoun(span.of(self.text)) else SOURCE, [span])
            if forms:
                before = [form for form in forms if form.begin < span.begin]
                self.relate(REFERS, self.sources[key], forms[max(before) if before else min(forms)])
        return self.sources[key]
