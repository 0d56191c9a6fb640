"""What each text has to be answered: read in this process, by the same model, before any server is asked."""

from collections.abc import Iterable

from guillemet.v1 import quotation_pb2 as pb
from guillemet_bench.calls import Request
from guillemet_models.document import Document, Entity, Quotation, Span
from guillemet_models.extractor import Extractor


class Answers:
    """The right answers to some requests."""

    def __init__(self, extractor: Extractor, requests: Iterable[Request]) -> None:
        """Read each text once.

        Args:
            extractor: Of the model that is served.
            requests: All that will be compared.
        """
        model = extractor.description.name
        self._results = {request.text: _result(extractor.extract([request.text])[0], model=model) for request in requests}

    def is_right(self, request: Request, answer: bytes) -> bool:
        """Tell whether an ExtractQuotationsResponse says of the text what it should, to the last bit of a probability."""
        result = pb.ExtractQuotationsResponse.FromString(answer).result
        for time in ("queue_time", "inference_time"):
            result.stats.ClearField(time)
        return result == self._results.get(request.text)


# The contract read a second time, apart from the server's own reading: what is wrong there is seen here.


def _result(document: Document, *, model: str) -> pb.DocumentResult:
    return pb.DocumentResult(
        quotations=[_quotation(quotation, document.text) for quotation in document.quotations],
        entities=[_entity(entity, document.text) for entity in document.entities],
        offset_encoding=pb.OFFSET_ENCODING_UTF32,
        model=model,
        stats=pb.RequestStats(characters=len(document.text), tokens=document.tokens, windows=document.windows),
    )


def _quotation(quotation: Quotation, text: str) -> pb.Quotation:
    return pb.Quotation(
        id=quotation.id,
        type=pb.QuotationType.Value(f"QUOTATION_TYPE_{quotation.type.name}"),
        spans=[_span(span, text) for span in quotation.spans],
        cue=quotation.cue and _span(quotation.cue, text),
        source=quotation.source and _span(quotation.source, text),
        speaker_id=quotation.speaker,
        probability=quotation.probability,
        source_probability=quotation.source_probability,
        speaker_probability=quotation.speaker_probability,
    )


def _entity(entity: Entity, text: str) -> pb.Entity:
    return pb.Entity(
        id=entity.id,
        kind=pb.EntityKind.Value(f"ENTITY_KIND_{entity.kind.name}"),
        name=_span(entity.name, text),
        role=entity.role and _span(entity.role, text),
        institution=entity.institution and _span(entity.institution, text),
        mentions=[_span(mention, text) for mention in entity.mentions],
        probability=entity.probability,
        institution_probability=entity.institution_probability,
    )


def _span(span: Span, text: str) -> pb.TextSpan:
    return pb.TextSpan(begin_offset=span.begin, end_offset=span.end, content=span.of(text))
