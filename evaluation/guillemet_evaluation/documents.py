"""Documents in the one format (docs/format.md): gold data, and predictions of any system."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from guillemet_client import EntityKind, QuotationType, Span
from guillemet_evaluation.validation import InvalidDocuments, faults_of

# Of a document; any other field is an attribute.
_FIELDS = frozenset({"id", "text", "entities", "quotations"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One that speaks in the text, with the forms that stand for it there."""

    id: str
    """Unique in the document."""
    kind: EntityKind
    name: str
    """Its fullest form in the text, without civility, title or determiner."""
    role: str | None = None
    """As the text says it; None: it does not say."""
    institution: str | None = None
    """The organisation it speaks for; None: the text does not say."""
    mentions: tuple[Span, ...] = ()
    """The forms that stand for it and for nobody else there, pronouns excluded, in order."""
    probability: float | None = None
    """That the mentions are one entity of this kind, in [0, 1]; None: not stated."""
    institution_probability: float | None = None
    """That the institution, or its absence, is right, in [0, 1]; None: not stated."""

    def to_json(self) -> dict[str, Any]:
        """Return the entity in the one format."""
        value: dict[str, Any] = {
            "id": self.id,
            "kind": str(self.kind),
            "name": self.name,
            "role": self.role,
            "institution": self.institution,
            "mentions": [list(mention) for mention in self.mentions],
        }
        return value | _stated(probability=self.probability, institution_probability=self.institution_probability)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """Words that the text presents as somebody's, and whose."""

    spans: tuple[Span, ...]
    """The content, marks included, in order, disjoint; several where an insert interrupts it.

    (), in predictions only: its words have no place in the text. It counts as spurious."""
    type: QuotationType | None = None
    """None, in predictions only: the system does not say."""
    cue: Span | None = None
    """What reports it; None: nothing does, or the system does not say."""
    source: Span | None = None
    """The mention it is attributed to; None: none stands there."""
    speaker: str | None = None
    """Id of an entity of the document; None: the text does not say."""
    id: str | None = None
    speaker_name: str | None = None
    """In predictions of systems without entities: the name of the speaker. Read only where `speaker` is None."""
    institution: str | None = None
    """In predictions of systems without entities: the speaker's institution. Read only where `speaker` is None."""
    probability: float | None = None
    """That this is a quotation of about this extent, in [0, 1]; None: not stated."""
    source_probability: float | None = None
    """That the source, or its absence, is right if the quotation is, in [0, 1]; None: not stated."""
    speaker_probability: float | None = None
    """That the speaker, or its absence, is right if the quotation is, in [0, 1]; None: not stated."""

    def to_json(self) -> dict[str, Any]:
        """Return the quotation in the one format."""
        value: dict[str, Any] = {
            "type": self.type and str(self.type),
            "spans": [list(span) for span in self.spans],
            "cue": self.cue and list(self.cue),
            "source": self.source and list(self.source),
            "speaker": self.speaker,
        }
        words = _stated(speaker_name=self.speaker_name, institution=self.institution)
        return (
            _stated(id=self.id)
            | value
            | words
            | _stated(
                probability=self.probability,
                source_probability=self.source_probability,
                speaker_probability=self.speaker_probability,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text with its quotations and the entities of its speakers."""

    id: str
    text: str
    entities: tuple[Entity, ...] = ()
    quotations: tuple[Quotation, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Every other field, of any JSON value: source, outlet, title, licence."""

    def to_json(self) -> dict[str, Any]:
        """Return the document in the one format, ready for ``json.dumps``."""
        return {
            "id": self.id,
            **self.attributes,
            "text": self.text,
            "entities": [entity.to_json() for entity in self.entities],
            "quotations": [quotation.to_json() for quotation in self.quotations],
        }

    @staticmethod
    def from_json(value: Mapping[str, Any], *, is_gold: bool = False) -> "Document":
        """Return the document that `value` stands for.

        Args:
            value: As ``json.loads`` returns it. Unknown fields that are no strings are left alone.
            is_gold: Whether every field of the format must be there (see `faults_of`).

        Raises:
            InvalidDocuments: With every fault.
        """
        if faults := faults_of(value, is_gold=is_gold):
            raise InvalidDocuments("the document", faults)
        return from_sound_json(value)


def from_sound_json(value: Mapping[str, Any]) -> Document:
    """Return the document that `value` stands for, in which `faults_of` found none."""
    return Document(
        id=value["id"],
        text=value["text"],
        entities=tuple(map(_entity, value.get("entities", ()))),
        quotations=tuple(map(_quotation, value["quotations"])),
        attributes={name: said for name, said in value.items() if name not in _FIELDS},
    )


def _entity(value: Mapping[str, Any]) -> Entity:
    return Entity(
        id=value["id"],
        kind=EntityKind(value["kind"]),
        name=value["name"],
        role=value.get("role"),
        institution=value.get("institution"),
        mentions=tuple(Span(*mention) for mention in value.get("mentions", ())),
        probability=value.get("probability"),
        institution_probability=value.get("institution_probability"),
    )


def _quotation(value: Mapping[str, Any]) -> Quotation:
    return Quotation(
        spans=tuple(Span(*span) for span in value["spans"]),
        type=None if value.get("type") is None else QuotationType(value["type"]),
        cue=_span(value.get("cue")),
        source=_span(value.get("source")),
        speaker=value.get("speaker"),
        id=value.get("id"),
        speaker_name=value.get("speaker_name"),
        institution=value.get("institution"),
        probability=value.get("probability"),
        source_probability=value.get("source_probability"),
        speaker_probability=value.get("speaker_probability"),
    )


def _span(value: Any) -> Span | None:
    return None if value is None else Span(*value)


def _stated(**fields: float | str | None) -> dict[str, Any]:
    """Return the fields that say something."""
    return {name: value for name, value in fields.items() if value is not None}
