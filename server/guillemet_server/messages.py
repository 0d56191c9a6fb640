"""Document to protobuf, in the caller's units: the only crossing."""

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


def fill_result(result: pb.DocumentResult, document_id: str, reading: Reading, options: Options, *, model: str) -> None:
    """Put into an empty message what was read in one document, as the caller wants it.

    In place, down to the last span: a message that is given to another's constructor is copied with all that it holds.

    Args:
        result: Empty; where the answer holds it.
        document_id: As in the request.
        reading: What the model found, and what it cost.
        options: The caller's.
        model: Name of the model that answers.
    """
    document = kept(reading.document, options.min_probability)
    words = _Words(document, options)
    result.document_id = document_id
    for quotation in document.quotations:
        _add_quotation(result, quotation, words)
    for entity in document.entities:
        _add_entity(result, entity, words)
    result.offset_encoding = options.offset_encoding
    result.model = model
    stats = result.stats
    stats.characters, stats.tokens, stats.windows = len(document.text), document.tokens, document.windows
    stats.queue_time.FromNanoseconds(round(reading.queue_seconds * 1e9))
    stats.inference_time.FromNanoseconds(round(reading.inference_seconds * 1e9))
    stats.cached = reading.cached


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
    """Spans of one text, put into messages."""

    def __init__(self, document: Document, options: Options) -> None:
        self._text = "" if options.omit_text else document.text
        self._offsets = OffsetTable(document.text, options.offset_encoding)

    def put(self, message: pb.TextSpan, span: Span) -> None:
        message.begin_offset, message.end_offset = self._offsets[span.begin], self._offsets[span.end]
        message.content = span.of(self._text)


def _add_quotation(result: pb.DocumentResult, quotation: Quotation, words: _Words) -> None:
    message = result.quotations.add(
        id=quotation.id,
        type=_TYPES[quotation.type],
        speaker_id=quotation.speaker,
        probability=quotation.probability,
        source_probability=quotation.source_probability,
        speaker_probability=quotation.speaker_probability,
    )
    for span in quotation.spans:
        words.put(message.spans.add(), span)
    if quotation.cue is not None:
        words.put(message.cue, quotation.cue)
    if quotation.source is not None:
        words.put(message.source, quotation.source)


def _add_entity(result: pb.DocumentResult, entity: Entity, words: _Words) -> None:
    message = result.entities.add(
        id=entity.id,
        kind=_KINDS[entity.kind],
        probability=entity.probability,
        institution_probability=entity.institution_probability,
    )
    words.put(message.name, entity.name)
    if entity.role is not None:
        words.put(message.role, entity.role)
    if entity.institution is not None:
        words.put(message.institution, entity.institution)
    for mention in entity.mentions:
        words.put(message.mentions.add(), mention)
