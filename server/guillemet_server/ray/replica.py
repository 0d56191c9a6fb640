"""One replica on Ray Serve: the service as it is, behind Ray's proxies instead of a server of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import grpc
from grpc_health.v1 import health_pb2

from guillemet.v1 import quotation_pb2 as pb
from guillemet_models.extractor import Extractor
from guillemet_server import errors
from guillemet_server.batching import Scheduler
from guillemet_server.config import Limits
from guillemet_server.gate import Gate, State
from guillemet_server.inference import Inference
from guillemet_server.logs import json_logger, reported
from guillemet_server.observability.metrics import Metrics
from guillemet_server.reading.process import ReaderProcess
from guillemet_server.service import ModelService, QuotationService

QUEUE_TOKENS = "queue_tokens"
"""What the autoscaler is told of each replica."""

Response = TypeVar("Response")


class Replica:
    """Answers the methods of the contract; Ray calls them by their names (N802).

    Args:
        model: A folder that every machine of the cluster has. None: the embedded model.
        threads: For inference. None: one for each CPU of the process.
        limits: Enforced by each replica for itself.
    """

    def __init__(self, model: Path | None = None, threads: int | None = None, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        metrics = Metrics()
        self._log = json_logger("info")
        self._gate = Gate()
        self._loading = asyncio.Lock()  # one loads, who asks meanwhile waits for it
        self._inference = Inference(
            lambda: Extractor.load(model, threads=threads),
            lambda extractor: ReaderProcess(model, extractor.settings, after_seconds=0.0, log=self._log),
        )
        self._scheduler = Scheduler(self._inference, limits, log=self._log, metrics=metrics)
        self._quotations = QuotationService(
            self._inference, self._scheduler, self._gate, limits, log=self._log, metrics=metrics
        )
        self._models = ModelService(self._inference, limits)

    async def check_health(self) -> None:
        """Load the model: Ray asks before it sends the first request, and again and again."""
        async with self._loading:
            if self._gate.state is State.LOADING:
                await self._inference.load()
                self._scheduler.start()
                self._gate.open()

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """Return what the autoscaler looks at."""
        return {QUEUE_TOKENS: self._scheduler.queued_tokens}

    async def ExtractQuotations(  # noqa: N802
        self, request: pb.ExtractQuotationsRequest, grpc_context: Any
    ) -> pb.ExtractQuotationsResponse:
        """One document."""
        return await self._answer(self._quotations.ExtractQuotations, request, grpc_context, pb.ExtractQuotationsResponse())

    async def BatchExtractQuotations(  # noqa: N802
        self, request: pb.BatchExtractQuotationsRequest, grpc_context: Any
    ) -> pb.BatchExtractQuotationsResponse:
        """Several documents."""
        nothing = pb.BatchExtractQuotationsResponse()
        return await self._answer(self._quotations.BatchExtractQuotations, request, grpc_context, nothing)

    async def GetModel(self, request: pb.GetModelRequest, grpc_context: Any) -> pb.GetModelResponse:  # noqa: N802
        """The model."""
        return await self._answer(self._models.GetModel, request, grpc_context, pb.GetModelResponse())

    async def Check(self, request: health_pb2.HealthCheckRequest) -> health_pb2.HealthCheckResponse:  # noqa: ARG002, N802
        """Of ``grpc.health.v1``: some replica answers."""
        return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)

    async def StreamExtractQuotations(  # noqa: N802
        self, requests: AsyncIterator[pb.StreamExtractQuotationsRequest], grpc_context: Any
    ) -> AsyncIterator[pb.StreamExtractQuotationsResponse]:
        """Documents without end. Ray takes no trailers of a stream that fails: it ends with a code and a message alone."""
        answers: asyncio.Queue[pb.StreamExtractQuotationsResponse | None] = asyncio.Queue(1)

        async def run() -> None:
            try:
                with self._gate.passage():
                    await self._quotations.StreamExtractQuotations(aiter(requests), _Context(grpc_context, answers.put))
            except asyncio.CancelledError:
                raise  # nobody takes answers any more
            except BaseException:
                await answers.put(None)
                raise
            await answers.put(None)

        running = asyncio.get_running_loop().create_task(run())
        try:
            while (answer := await answers.get()) is not None:
                yield answer
            await running
        except errors.Refusal as refusal:
            _set_status(grpc_context, refusal)
            raise
        finally:
            running.cancel()

    async def _answer(
        self, handle: Callable[[Any, Any], Awaitable[Response]], request: Any, context: Any, nothing: Response
    ) -> Response:
        """Return the answer; or `nothing`, and a refusal's whole status in the context: an exception would lose its details."""
        try:
            with self._gate.passage():
                return await handle(request, _Context(context))
        except errors.Refusal as refusal:
            _set_status(context, refusal)
        except Exception as error:  # noqa: BLE001 (the caller gets an id and the log the rest)
            _set_status(context, reported(error, self._log))
        return nothing


class _Context:
    """What the service asks of gRPC's context. Each RPC is a caller of its own; its deadline is the proxy's affair."""

    def __init__(
        self, context: Any, write: Callable[[pb.StreamExtractQuotationsResponse], Awaitable[None]] | None = None
    ) -> None:
        self._context = context
        self.write = write

    def time_remaining(self) -> None:
        """Return None: Ray does not tell, and cancels what came too late."""


def _set_status(context: Any, refusal: errors.Refusal) -> None:
    code: grpc.StatusCode = refusal.code
    context.set_code(code)
    context.set_details(str(refusal))
    context.set_trailing_metadata(list(refusal.trailing_metadata()))
