"""Values to protobuf and back: the only crossing.

Offsets are asked for in code points, and words are cut from the caller's own string: the answer carries none.
"""

from google.protobuf.duration_pb2 import Duration

from guillemet.v1 import quotation_pb2 as pb
from guillemet_client._errors import InvalidRequest, ServerFault
from guillemet_client._types import Document, Entity, EntityKind, Model, Quotation, QuotationType, Span

_TYPES = {
    pb.QUOTATION_TYPE_DIRECT: QuotationType.DIRECT,
    pb.QUOTATION_TYPE_INDIRECT: QuotationType.INDIRECT,
    pb.QUOTATION_TYPE_MIXED: QuotationType.MIXED,
}
_KINDS = {
    pb.ENTITY_KIND_PERSON: EntityKind.PERSON,
    pb.ENTITY_KIND_INSTITUTION: EntityKind.INSTITUTION,
    pb.ENTITY_KIND_GROUP: EntityKind.GROUP,
    pb.ENTITY_KIND_DOCUMENT: EntityKind.DOCUMENT,
    pb.ENTITY_KIND_UNNAMED: EntityKind.UNNAMED,
}


def to_options(*, model: str | None, min_probability: float | None) -> pb.ExtractOptions:
    """Return how to answer."""
    return pb.ExtractOptions(
        offset_encoding=pb.OFFSET_ENCODING_UTF32, omit_text=True, model=model or "", min_probability=min_probability
    )


def check_text(text: object, *, index: int) -> None:
    """Let pass the `index`-th of several texts if it is one: a table may lack it, or hold something else there.

    Raises:
        InvalidRequest: It is no `str`.
    """
    if isinstance(text, str):
        return
    what = "is missing" if text is None else f"is no str but {type(text).__name__}"
    raise InvalidRequest(
        f"the text at position {index:,} {what}",
        code="INVALID_ARGUMENT",
        reason="TEXT_MISSING",
        field=f"documents[{index}].text",
        index=index,
    )


def to_document(text: str, *, index: int | None = None) -> pb.Document:
    """Return a text as it is sent.

    Args:
        text: Sent as it is.
        index: Its position among the texts given; its id. None: it is alone.

    Raises:
        InvalidRequest: The text holds a lone surrogate, which no UTF-8 can carry; or it is no `str`, but one of several.
        TypeError: It is alone and no `str`.
    """
    if index is not None:
        check_text(text, index=index)
    elif not isinstance(text, str):  # protobuf would take bytes, whose offsets are others
        raise TypeError(f"a text is a str, not {type(text).__name__}")
    try:
        return pb.Document(id=str(index or 0), text=text)
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"the text holds a lone surrogate, U+{ord(text[error.start]):04X}, at character {error.start:,}; "
            "Unicode text is accepted",
            code="INVALID_ARGUMENT",
            reason="TEXT_NOT_UNICODE",
            metadata={"position": str(error.start)},
            field="document.text" if index is None else f"documents[{index}].text",
            index=index,
        ) from None


def from_result(result: pb.DocumentResult, text: str, *, index: int = 0) -> Document:
    """Return what was found in `text`, the `index`-th of those given.

    Raises:
        ServerFault: The answer breaks the contract.
    """
    if result.offset_encoding != pb.OFFSET_ENCODING_UTF32:
        raise ServerFault("the server answered in other offsets than code points", code="INTERNAL", index=index)
    reader = _Reader(text)
    entities = {entity.id: reader.entity(entity) for entity in result.entities}
    try:
        quotations = tuple(reader.quotation(quotation, entities) for quotation in result.quotations)
    except KeyError as error:
        raise ServerFault(f"the answer names an entity that it does not hold: {error}", code="INTERNAL", index=index) from None
    return Document(
        id=str(index),
        text=text,
        quotations=quotations,
        entities=tuple(entities.values()),
        model=result.model,
        tokens=result.stats.tokens,
        windows=result.stats.windows,
        queue_seconds=_seconds(result.stats.queue_time),
        inference_seconds=_seconds(result.stats.inference_time),
    )


def from_model(model: pb.Model) -> Model:
    """Return the description of a model."""
    return Model(
        name=model.name,
        version=model.version,
        sha256=model.sha256,
        runtime=model.runtime,
        precision=model.precision,
        max_document_characters=model.max_document_characters,
        max_batch_documents=model.max_batch_documents,
        max_batch_tokens=model.max_batch_tokens,
        max_queue_tokens=model.max_queue_tokens,
        max_request_bytes=model.max_request_bytes,
        max_stream_documents=model.max_stream_documents,
        language_codes=tuple(model.language_codes),
        server_version=model.server_version,
    )


class _Reader:
    """Turns the messages about one text into values."""

    def __init__(self, text: str) -> None:
        self._text = text

    def entity(self, entity: pb.Entity) -> Entity:
        name = _span(entity.name)
        role = _span(entity.role) if entity.HasField("role") else None
        institution = _span(entity.institution) if entity.HasField("institution") else None
        return Entity(
            id=entity.id,
            # A kind that a newer server knows is none that this client can name; "unnamed" promises the least.
            kind=_KINDS.get(entity.kind, EntityKind.UNNAMED),
            name=name.of(self._text),
            role=self._words(role),
            institution=self._words(institution),
            mentions=tuple(map(_span, entity.mentions)),
            probability=entity.probability,
            institution_probability=entity.institution_probability,
            name_span=name,
            role_span=role,
            institution_span=institution,
        )

    def quotation(self, quotation: pb.Quotation, entities: dict[str, Entity]) -> Quotation:
        spans = tuple(map(_span, quotation.spans))
        cue = _span(quotation.cue) if quotation.HasField("cue") else None
        source = _span(quotation.source) if quotation.HasField("source") else None
        return Quotation(
            id=quotation.id,
            type=_TYPES.get(quotation.type, QuotationType.INDIRECT),
            spans=spans,
            cue=cue,
            source=source,
            speaker=entities[quotation.speaker_id] if quotation.HasField("speaker_id") else None,
            probability=quotation.probability,
            source_probability=quotation.source_probability,
            speaker_probability=quotation.speaker_probability,
            texts=tuple(span.of(self._text) for span in spans),
            cue_text=self._words(cue),
            source_text=self._words(source),
        )

    def _words(self, span: Span | None) -> str | None:
        return None if span is None else span.of(self._text)


def _span(span: pb.TextSpan) -> Span:
    return Span(span.begin_offset, span.end_offset)


def _seconds(duration: Duration) -> float:
    return duration.ToNanoseconds() / 1e9
