"""QuotationService and ModelService: validate, extract, answer. The names of methods are those of the contract (N802)."""

from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.message import Message
from google.rpc import status_pb2
from structlog.typing import FilteringBoundLogger

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_server import errors
from guillemet_server.admission import estimated_tokens
from guillemet_server.batching import Scheduler, in_effect
from guillemet_server.config import Limits
from guillemet_server.gate import Gate
from guillemet_server.inference import Inference
from guillemet_server.logs import reported
from guillemet_server.messages import fill_result, to_model
from guillemet_server.observability.metrics import Metrics
from guillemet_server.streaming import DocumentStream
from guillemet_server.validation import Options, check_batch_size, check_document, check_model, checked_options
from guillemet_server.waiting import Reading


class QuotationService(pb_grpc.QuotationServiceServicer):
    """Extraction, in three forms over one scheduler. A refusal is raised here and becomes a status in the interceptor."""

    def __init__(
        self,
        inference: Inference,
        scheduler: Scheduler,
        gate: Gate,
        limits: Limits,
        *,
        log: FilteringBoundLogger,
        metrics: Metrics,
    ) -> None:
        """Build it.

        Args:
            inference: Says which model is served.
            scheduler: Reads the texts.
            gate: Says when streams should end.
            limits: Enforced.
            log: For failures within a stream.
            metrics: Told of documents that are answered, and of those that are refused beside others.
        """
        self._inference = inference
        self._scheduler = scheduler
        self._gate = gate
        self._limits = limits
        self._log = log
        self._metrics = metrics

    async def ExtractQuotations(  # noqa: N802
        self, request: pb.ExtractQuotationsRequest, context: Any
    ) -> pb.ExtractQuotationsResponse:
        """One document."""
        options = self._options(request.options)
        response = pb.ExtractQuotationsResponse()
        await self._answer(response, request.document, options, context)
        return response

    async def BatchExtractQuotations(  # noqa: N802
        self, request: pb.BatchExtractQuotationsRequest, context: Any
    ) -> pb.BatchExtractQuotationsResponse:
        """Several documents; a bad one fails alone."""
        options = self._options(request.options)
        check_batch_size(request, self._limits)
        outcomes: dict[int, Reading | errors.Refusal] = {}
        for index, document in enumerate(request.documents):
            try:
                check_document(document, field=f"documents[{index}]", limits=self._limits)
            except errors.Refusal as refusal:
                outcomes[index] = refusal
        readable = [index for index in range(len(request.documents)) if index not in outcomes]
        texts = [request.documents[index].text for index in readable]
        readings = await self._scheduler.read(texts, caller=context, seconds=context.time_remaining())
        outcomes.update(zip(readable, readings, strict=True))
        response = pb.BatchExtractQuotationsResponse()
        for index, document in enumerate(request.documents):
            outcome = outcomes[index]
            if isinstance(outcome, errors.Refusal):
                response.items.add(error=outcome.to_status())
            else:
                fill_result(response.items.add().result, document.id, outcome, options, model=self._model)
        self._check_size(response, field="documents")
        for outcome in outcomes.values():
            if isinstance(outcome, errors.Refusal):
                self._metrics.refuse(outcome.reason)
            else:
                self._metrics.documents.inc()
        return response

    # The generated type knows generators only. A coroutine that writes is what grpc.aio cancels cleanly: nothing is left
    # suspended in a generator when the caller goes away.
    async def StreamExtractQuotations(  # type: ignore[override]  # noqa: N802
        self, request_iterator: AsyncIterator[pb.StreamExtractQuotationsRequest], context: Any
    ) -> None:
        """Documents without end; answers in any order."""
        options = self._options(pb.ExtractOptions())

        def set_options(message: pb.ExtractOptions) -> None:
            nonlocal options
            options = self._options(message)

        async def answer(document: pb.Document) -> pb.StreamExtractQuotationsResponse:
            response = pb.StreamExtractQuotationsResponse(document_id=document.id)
            try:
                await self._answer(response, document, options, context)
            except errors.Refusal as refusal:
                response.error.CopyFrom(self._refused(refusal))
            except Exception as error:  # noqa: BLE001 (one document fails, the stream goes on)
                response.error.CopyFrom(self._refused(reported(error, self._log)))
            return response

        stream = DocumentStream(
            answer=answer,
            set_options=set_options,
            has_room=lambda document: self._scheduler.admission.has_room(estimated_tokens(document.text)),
            refused=self._refused,
            max_in_work=self._limits.max_stream_documents,
            draining=self._gate.draining,
        )
        await stream.run(aiter(request_iterator), context.write)

    @property
    def _model(self) -> str:
        return self._inference.description.name

    def _options(self, options: pb.ExtractOptions) -> Options:
        return checked_options(options, model=self._model)

    async def _answer(
        self,
        response: pb.ExtractQuotationsResponse | pb.StreamExtractQuotationsResponse,
        document: pb.Document,
        options: Options,
        context: Any,
    ) -> None:
        check_document(document, field="document", limits=self._limits)
        seconds = context.time_remaining()
        [outcome] = await self._scheduler.read([document.text], caller=context, seconds=seconds)
        if isinstance(outcome, errors.Refusal):
            raise outcome
        fill_result(response.result, document.id, outcome, options, model=self._model)
        self._check_size(response, field="document.text")
        self._metrics.documents.inc()

    def _refused(self, refusal: errors.Refusal) -> status_pb2.Status:
        """Count one document of a stream that is refused, and return what its caller is told."""
        self._metrics.refuse(refusal.reason)
        return refusal.to_status()

    def _check_size(self, response: Message, *, field: str) -> None:
        if (actual := response.ByteSize()) > self._limits.max_request_bytes:
            raise errors.answer_too_large(field, actual=actual, limit=self._limits.max_request_bytes)


class ModelService(pb_grpc.ModelServiceServicer):
    """What is served."""

    def __init__(self, inference: Inference, limits: Limits) -> None:
        """Build it.

        Args:
            inference: Knows the model.
            limits: Published with it.
        """
        self._inference = inference
        self._limits = limits

    async def GetModel(self, request: pb.GetModelRequest, context: Any) -> pb.GetModelResponse:  # noqa: ARG002, N802
        """The model of that name."""
        description = self._inference.description
        check_model(request.name, served=description.name)
        return pb.GetModelResponse(model=to_model(description, in_effect(self._limits, description)))
