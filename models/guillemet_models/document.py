"""The vocabulary: what is found in a text, and its one JSON format. Standard library only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Span(NamedTuple):
    """A half-open stretch of a text, in code points: ``text[span.begin:span.end]``."""

    begin: int
    end: int

    def of(self, text: str) -> str:
        """Return the words."""
        return text[self.begin : self.end]

    def overlaps(self, other: "Span") -> bool:
        """Tell whether the two share a character."""
        return self.begin < other.end and other.begin < self.end

    def contains(self, other: "Span") -> bool:
        """Tell whether `other` lies inside."""
        return self.begin <= other.begin and other.end <= self.end


class QuotationType(StrEnum):
    """How the words are reported: wholly in marks, wholly without, or partly."""

    DIRECT = "direct"
    INDIRECT = "indirect"
    MIXED = "mixed"


class EntityKind(StrEnum):
    """What a speaker is."""

    PERSON = "person"
    INSTITUTION = "institution"
    GROUP = "group"
    DOCUMENT = "document"
    UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One that speaks in the text, with every form that stands for it there."""

    id: str  # "e1", "e2", … in the order of the first mention
    kind: EntityKind
    name: Span  # the fullest form, without civility or determiner
    role: Span | None  # None: the text does not say
    institution: Span | None  # None: the text does not say
    mentions: tuple[Span, ...]  # pronouns excluded, in order
    probability: float  # that the mentions are one entity of this kind
    institution_probability: float  # that the institution, or its absence, is right


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """One attribution relation: the words reported, the cue that reports them, their source and who that is."""

    id: str  # "q1", "q2", … in the order of the first character
    type: QuotationType
    spans: tuple[Span, ...]  # the content, in order, disjoint
    cue: Span | None  # None: nothing reports it
    source: Span | None  # None: no mention stands there
    speaker: str | None  # id of an entity; None: the text does not say
    probability: float  # that this is a quotation of about this extent
    source_probability: float  # that the source, or its absence, is right if the quotation is
    speaker_probability: float  # that the speaker, or its absence, is right if the quotation is


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text with its quotations, in order, and the entities that speak in it."""

    text: str
    quotations: tuple[Quotation, ...]
    entities: tuple[Entity, ...]
    tokens: int = 0  # of the text, without the overlap of windows
    windows: int = 0  # that the encoder read

    def to_json(self, id: str) -> dict[str, Any]:
        """Return the document in the one format (see docs/format.md), as `id`."""

        def words(span: Span | None) -> str | None:
            return None if span is None else span.of(self.text)

        return {
            "id": id,
            "text": self.text,
            "entities": [
                {
                    "id": entity.id,
                    "kind": str(entity.kind),
                    "name": entity.name.of(self.text),
                    "role": words(entity.role),
                    "institution": words(entity.institution),
                    "mentions": [list(mention) for mention in entity.mentions],
                    "probability": round(entity.probability, 4),
                    "institution_probability": round(entity.institution_probability, 4),
                }
                for entity in self.entities
            ],
            "quotations": [
                {
                    "id": quotation.id,
                    "type": str(quotation.type),
                    "spans": [list(span) for span in quotation.spans],
                    "cue": quotation.cue and list(quotation.cue),
                    "source": quotation.source and list(quotation.source),
                    "speaker": quotation.speaker,
                    "probability": round(quotation.probability, 4),
                    "source_probability": round(quotation.source_probability, 4),
                    "speaker_probability": round(quotation.speaker_probability, 4),
                }
                for quotation in self.quotations
            ],
        }
