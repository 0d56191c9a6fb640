"""The gRPC server: what it listens on, how it becomes ready, how it stops."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from structlog.typing import FilteringBoundLogger

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_models.extractor import Extractor
from guillemet_server.batching import Scheduler, in_effect
from guillemet_server.caching import AnswerCache
from guillemet_server.channel import channel_options
from guillemet_server.config import Limits, ServerConfig
from guillemet_server.gate import Gate
from guillemet_server.inference import Inference
from guillemet_server.interception import Interceptor
from guillemet_server.observability.exposition import Exposition
from guillemet_server.observability.metrics import Metrics
from guillemet_server.observability.observer import Observer
from guillemet_server.observability.watching import watch
from guillemet_server.reading.process import ReaderProcess
from guillemet_server.security.callers import Callers
from guillemet_server.security.certificates import Certificates
from guillemet_server.service import ModelService, QuotationService

if TYPE_CHECKING:  # an extra
    from guillemet_server.observability.tracing import Tracing

SERVICE_NAMES = tuple(service.full_name for service in pb.DESCRIPTOR.services_by_name.values())

# For answers on their way when the server closes.
_FLUSH_SECONDS = 1.0


class StartError(Exception):
    """The server cannot start; the message says why, in one sentence."""


class Server:
    """One model on one address."""

    def __init__(
        self,
        config: ServerConfig,
        *,
        log: FilteringBoundLogger,
        load: Callable[[], Extractor] | None = None,
        tracing: "Tracing | None" = None,
    ) -> None:
        """Build it, within the event loop that will run it.

        Args:
            config: Where and what.
            log: Lines without texts.
            load: Returns the extractor. None: that of the configuration.
            tracing: Closed with the server. None: nothing is traced.

        Raises:
            StartError: A certificate, a key or the tokens cannot be read.
        """
        self.address = ""  # what a client takes, once started
        self.metrics_address = ""  # what Prometheus takes, if it is to
        self._config = config
        self._log = log
        self.inference = Inference(
            load or (lambda: Extractor.load(config.model, threads=config.threads, runtime=config.runtime)),
            None if config.reader_processes_after is None else self._new_reader,
        )
        self.metrics = Metrics()
        cache = AnswerCache(config.cache_bytes)
        self.scheduler = Scheduler(self.inference, config.limits, cache=cache, log=log, metrics=self.metrics)
        self._gate = Gate()
        self._health = health.aio.HealthServicer()
        self._tracing = tracing
        self._exposition: Exposition | None = None
        try:
            self._certificates = None if config.tls is None else Certificates(config.tls, log=log)
            callers = None if config.tokens is None else Callers(config.tokens, log=log)
        except OSError as error:
            raise StartError(f"{error.filename}: {error.strerror}") from error
        except ValueError as error:
            raise StartError(str(error)) from error
        files = [*([self._certificates.files] if self._certificates else ()), *([callers.tokens] if callers else ())]
        watch(
            self.metrics,
            gate=self._gate,
            scheduler=self.scheduler,
            inference=self.inference,
            limits=config.limits,
            files=files,
        )
        observer = Observer(log, self.metrics, tracing)
        interceptor = Interceptor(self._gate, callers=callers, observer=observer, log=log)
        self._grpc = grpc.aio.server(interceptors=[interceptor], options=channel_options(config))
        service = QuotationService(self.inference, self.scheduler, self._gate, config.limits, log=log, metrics=self.metrics)
        pb_grpc.add_QuotationServiceServicer_to_server(service, self._grpc)
        pb_grpc.add_ModelServiceServicer_to_server(ModelService(self.inference, config.limits), self._grpc)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
        if config.reflection:
            names = (*SERVICE_NAMES, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._grpc)

    @property
    def limits(self) -> Limits:
        """What is enforced, once the model is loaded."""
        return in_effect(self._config.limits, self.inference.description)

    async def start(self) -> None:
        """Listen: the process is live, health says so; everything else waits for the model.

        Raises:
            StartError: The address is in use or cannot be had.
        """
        await self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING)
        self.address = self._bound(self._config.listen)
        if self._config.metrics_listen is not None:
            try:
                self._exposition = Exposition(self._config.metrics_listen, self.metrics)
            except OSError as error:
                raise StartError(f"cannot listen on {self._config.metrics_listen}: {error.strerror}") from error
            self.metrics_address = self._exposition.address
        await self._grpc.start()

    async def load(self) -> None:
        """Load the model, let it read once, and let RPCs pass.

        Raises:
            StartError: The model cannot be used.
        """
        try:
            await self.inference.load()
        except Exception as error:
            raise StartError(f"the model cannot be used: {error or type(error).__name__}") from error
        self.scheduler.start()
        self.metrics.describe_model(self.inference.description)
        self._gate.open()
        if not self._gate.draining.is_set():
            await self._set_health(health_pb2.HealthCheckResponse.SERVING)

    async def stop(self) -> None:
        """Take nothing new, finish what is in work within the drain time, and end."""
        await self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING)
        finished = await self._gate.drain(self._config.drain_seconds)
        if not finished:
            self._log.warning("drain time is over", drain_seconds=self._config.drain_seconds)
        self.scheduler.close()
        await self._grpc.stop(_FLUSH_SECONDS)
        self.inference.close()
        if self._exposition is not None:
            await self._exposition.close()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)

    def _new_reader(self, extractor: Extractor) -> ReaderProcess:
        after = self._config.reader_processes_after or 0.0
        return ReaderProcess(self._config.model, extractor.settings, after_seconds=after, log=self._log)

    async def _set_health(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        """Set our services; the empty name says that the process lives, from the start to the end."""
        for name in SERVICE_NAMES:
            await self._health.set(name, status)

    def _bound(self, listen: str) -> str:
        # gRPC would take a socket file away from the server that answers on it.
        if listen.startswith("unix:") and _answers(Path(listen.removeprefix("unix:"))):
            raise StartError(f"{listen} is in use")
        try:
            if self._certificates is None:
                port = self._grpc.add_insecure_port(listen)
            else:
                port = self._grpc.add_secure_port(listen, self._certificates.credentials())
        except RuntimeError as error:
            is_socket = listen.startswith("unix:")
            why = "no socket can be made there" if is_socket else "the address is in use or not of this machine"
            raise StartError(f"cannot listen on {listen}: {why}") from error
        return listen if listen.startswith("unix:") else f"{listen.rpartition(':')[0]}:{port}"


def _answers(path: Path) -> bool:
    """Tell whether somebody listens on the socket file."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
