"""Document to protobuf, in the caller's units: the only crossing."""

from google.protobuf.duration_pb2 import Duration

from guillemet.v1 import quotation_pb2 as pb
from guillemet_models.document import Document, Entity, EntityKind, Quotation, QuotationType, Span
from guillemet_models.extractor import ModelDescription
from guillemet_server import __version__
from guillemet_server.config import Limits
from guillemet_server.offsets import OffsetTable
from guillemet_server.thresholds import kept
from guillemet_server.validation import LANGUAGE_CODES, Options
from guillemet_server.waiting import Reading

_TYPES = {
    QuotationType.DIRECT: pb.QUOTATION_TYPE_DIRECT,
    QuotationType.INDIRECT: pb.QUOTATION_TYPE_INDIRECT,
    QuotationType.MIXED: pb.QUOTATION_TYPE_MIXED,
}
_KINDS = {
    EntityKind.PERSON: pb.ENTITY_KIND_PERSON,
    EntityKind.INSTITUTION: pb.ENTITY_KIND_INSTITUTION,
    EntityKind.GROUP: pb.ENTITY_KIND_GROUP,
    EntityKind.DOCUMENT: pb.ENTITY_KIND_DOCUMENT,
    EntityKind.UNNAMED: pb.ENTITY_KIND_UNNAMED,
}


def to_result(document_id: str, reading: Reading, options: Options, *, model: str) -> pb.DocumentResult:
    """Return what was read in one document, as the caller wants it.

    Args:
        document_id: As in the request.
        reading: What the model found, and what it cost.
        options: The caller's.
        model: Name of the model that answers.
    """
    document = kept(reading.document, options.min_probability)
    words = _Words(document, options)
    return pb.DocumentResult(
        document_id=document_id,
        quotations=[_quotation(quotation, words) for quotation in document.quotations],
        entities=[_entity(entity, words) for entity in document.entities],
        offset_encoding=options.offset_encoding,
        model=model,
        stats=pb.RequestStats(
            characters=len(document.text),
            tokens=document.tokens,
            windows=document.windows,
            queue_time=_duration(reading.queue_seconds),
            inference_time=_duration(reading.inference_seconds),
            cached=reading.cached,
        ),
    )


def to_model(description: ModelDescription, limits: Limits) -> pb.Model:
    """Return what is served, with the limits that hold."""
    return pb.Model(
        name=description.name,
        version=description.version,
        sha256=description.sha256,
        runtime=description.runtime,
        precision=description.precision,
        max_document_characters=limits.max_document_characters,
        max_batch_documents=limits.max_batch_documents,
        max_batch_tokens=limits.max_batch_tokens,
        max_queue_tokens=limits.max_queue_tokens,
        max_request_bytes=limits.max_request_bytes,
        max_stream_documents=limits.max_stream_documents,
        language_codes=LANGUAGE_CODES,
        server_version=__version__,
    )


class _Words:
    """Spans of one text, made into messages."""

    def __init__(self, document: Document, options: Options) -> None:
        self._text = "" if options.omit_text else document.text
        self._offsets = OffsetTable(document.text, options.offset_encoding)

    def at(self, span: Span) -> pb.TextSpan:
        return pb.TextSpan(
            begin_offset=self._offsets[span.begin], end_offset=self._offsets[span.end], content=span.of(self._text)
        )

    def at_any(self, span: Span | None) -> pb.TextSpan | None:
        return None if span is None else self.at(span)


def _quotation(quotation: Quotation, words: _Words) -> pb.Quotation:
    return pb.Quotation(
        id=quotation.id,
        type=_TYPES[quotation.type],
        spans=[words.at(span) for span in quotation.spans],
        cue=words.at_any(quotation.cue),
        source=words.at_any(quotation.source),
        speaker_id=quotation.speaker,
        probability=quotation.probability,
        source_probability=quotation.source_probability,
        speaker_probability=quotation.speaker_probability,
    )


def _entity(entity: Entity, words: _Words) -> pb.Entity:
    return pb.Entity(
        id=entity.id,
        kind=_KINDS[entity.kind],
        name=words.at(entity.name),
        role=words.at_any(entity.role),
        institution=words.at_any(entity.institution),
        mentions=[words.at(mention) for mention in entity.mentions],
        probability=entity.probability,
        institution_probability=entity.institution_probability,
    )


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromNanoseconds(round(seconds * 1e9))
    return duration
