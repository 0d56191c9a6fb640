"""What users hold. Every offset counts code points of the text exactly as it was given: ``text[begin:end]`` are the words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

# Stands between the parts of a quotation that an insert interrupts.
ELLIPSIS = " […] "


class Span(NamedTuple):
    """A half-open stretch of a text, in code points: ``text[span.begin:span.end]``."""

    begin: int
    end: int

    def of(self, text: str) -> str:
        """Return the words."""
        return text[self.begin : self.end]


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

    id: str
    """ "e1", "e2", … in the order of the first mention."""
    kind: EntityKind
    name: str
    """Its fullest form in the text, without civility, title or determiner."""
    role: str | None
    """As the text says it; None: it does not say."""
    institution: str | None
    """The organisation it speaks for; None: the text does not say."""
    mentions: tuple[Span, ...]
    """The forms that stand for it, pronouns excluded, in order."""
    probability: float
    """That the mentions are one entity of this kind, in [0, 1]."""
    institution_probability: float
    """That the institution, or its absence, is right, in [0, 1]."""
    name_span: Span
    role_span: Span | None
    institution_span: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """Words that the text presents as somebody's, and whose."""

    id: str
    """ "q1", "q2", … in the order of the first character."""
    type: QuotationType
    spans: tuple[Span, ...]
    """The content, marks included, in order; several where an insert interrupts it."""
    cue: Span | None
    """What reports it (« a déclaré », « selon »); None: nothing does."""
    source: Span | None
    """The mention it is attributed to (« il », « le ministre »); None: none stands there."""
    speaker: Entity | None
    """Who that is in the document; None: the text does not say, or not surely enough."""
    probability: float
    """That this is a quotation of about this extent, in [0, 1]."""
    source_probability: float
    """That the source, or its absence, is right if the quotation is, in [0, 1]."""
    speaker_probability: float
    """That the speaker, or its absence, is right if the quotation is, in [0, 1]."""
    texts: tuple[str, ...]
    """The words of each span."""
    cue_text: str | None
    source_text: str | None

    @property
    def text(self) -> str:
        """The words, with « […] » where an insert interrupts them."""
        return ELLIPSIS.join(self.texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text with its quotations, in order, and the entities that speak in it."""

    id: str
    """The position of the text among those given, from "0"; ``dataclasses.replace`` gives another."""
    text: str
    quotations: tuple[Quotation, ...]
    entities: tuple[Entity, ...]
    model: str
    """Name of the model that answered."""
    tokens: int
    """Of the text."""
    windows: int
    """That the encoder read."""
    queue_seconds: float
    """From admission to the start of inference."""
    inference_seconds: float
    """Of the batch that held the document."""

    def to_json(self) -> dict[str, Any]:
        """Return the document in the one format, ready for ``json.dumps``."""
        return {
            "id": self.id,
            "text": self.text,
            "entities": [
                {
                    "id": entity.id,
                    "kind": str(entity.kind),
                    "name": entity.name,
                    "role": entity.role,
                    "institution": entity.institution,
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
                    "speaker": quotation.speaker and quotation.speaker.id,
                    "probability": round(quotation.probability, 4),
                    "source_probability": round(quotation.source_probability, 4),
                    "speaker_probability": round(quotation.speaker_probability, 4),
                }
                for quotation in self.quotations
            ],
        }

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the text with its quotations, and who said them."""
        from guillemet_client.viewing import Article, notebook_html  # noqa: PLC0415 (it shows these types)

        return notebook_html(Article.from_json(self.to_json()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A served model and the limits that its server enforces."""

    name: str
    version: str
    """Of the weights."""
    sha256: str
    """Of the weights file, in hexadecimal."""
    runtime: str
    """ "onnx" or "torch"."""
    precision: str
    """ "float32", "int8" or "bfloat16"."""
    max_document_characters: int
    max_batch_documents: int
    max_batch_tokens: int
    max_queue_tokens: int
    max_request_bytes: int
    max_stream_documents: int
    language_codes: tuple[str, ...]
    """BCP 47."""
    server_version: str
