"""FRACAS' scheme, labelled stretches of a text and relations among them: what brat's files and FRACAS' own JSON write down.

Source: `citations_masc_computing/dataset_builders/rcv2.py` and `src/utils/dataset_utils.py` of
github.com/ange-richard/genderednews-tools, the release of FRACAS (LREC-COLING 2024, aclanthology.org/2024.lrec-main.654). There
a quotation is one stretch, of several parts if it is interrupted, `Quoted_in` leads from a source to it, `Indicates` from a cue
to it, `Refers` from a pronoun to its antecedent. What is marked as ours FRACAS has no label for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from guillemet_client import EntityKind, QuotationType, Span

QUOTATIONS: Mapping[QuotationType | None, str] = {
    QuotationType.DIRECT: "Direct_Quotation",
    QuotationType.INDIRECT: "Indirect_Quotation",
    QuotationType.MIXED: "Mixed_Quotation",
    None: "Quotation",  # ours: the system does not say of which type
}
CUE = "Cue"
# Read as the first kind that has them.
SPEAKERS: Mapping[EntityKind, str] = {
    EntityKind.PERSON: "Agent",
    EntityKind.GROUP: "Group_of_people",
    EntityKind.INSTITUTION: "Organization",
    EntityKind.UNNAMED: "Agent",
    EntityKind.DOCUMENT: "Organization",
}
PRONOUN = "Source_pronoun"
SOURCE = "Source"  # ours: neither a pronoun nor a mention of its speaker (« le communiqué » of a ministry)
ARTICLE = "Article"  # ours: carries the document's other fields

QUOTED_IN = "Quoted_in"
INDICATES = "Indicates"
REFERS = "Refers"
SPEAKS_IN = "Speaks_in"  # ours: from the speaker of a quotation without a source
EQUIV = "Equiv"  # brat's: from the mention that names an entity to each other one

_SPEAKERS = frozenset(SPEAKERS.values())
_SOURCES = _SPEAKERS | {PRONOUN, SOURCE}
_QUOTATIONS = frozenset(QUOTATIONS.values())

LABELS = _SOURCES | _QUOTATIONS | {CUE, ARTICLE}
# Of what a relation leads from, and to.
ENDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    QUOTED_IN: (_SOURCES, _QUOTATIONS),
    INDICATES: (frozenset({CUE}), _QUOTATIONS),
    REFERS: (_SOURCES, _SOURCES),
    SPEAKS_IN: (_SPEAKERS, _QUOTATIONS),
    EQUIV: (_SPEAKERS, _SPEAKERS),
}

# Of what has no words in the text.
NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Annotation:
    """A labelled stretch of a text."""

    label: str
    spans: tuple[Span, ...]
    note: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the one format that labels and relations have no place for."""
    where: str = ""
    """In a file, for faults; so `path`."""
    path: str = ""

    @property
    def is_quotation(self) -> bool:
        """Whether it is the content of one."""
        return self.label in _QUOTATIONS

    @property
    def is_speaker(self) -> bool:
        """Whether it stands for a speaker by itself."""
        return self.label in _SPEAKERS

    @property
    def hull(self) -> Span:
        """The stretch from its first part to its last."""
        return hull(self.spans)


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation from one annotation to another, each by its id."""

    label: str
    first: str
    second: str
    where: str = ""
    path: str = ""


@dataclass(slots=True)
class Annotations:
    """Those of one text."""

    text: str
    by_id: dict[str, Annotation] = field(default_factory=dict)
    """In the order of the file."""
    relations: list[Relation] = field(default_factory=list)


def kind_of(label: str) -> EntityKind:
    """Return what a speaker of this label is if nothing else is said."""
    return next(kind for kind, other in SPEAKERS.items() if other == label)


def type_of(label: str) -> QuotationType | None:
    """Return the type of the quotations of a label."""
    return next(type_ for type_, other in QUOTATIONS.items() if other == label)


def hull(spans: Iterable[Span]) -> Span:
    """Return the stretch from the first to the last."""
    spans = tuple(spans)
    return Span(min(span.begin for span in spans), max(span.end for span in spans))
