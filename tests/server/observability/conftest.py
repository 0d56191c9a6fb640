"""A real server whose metrics, log and traces are looked at."""

import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_models.extractor import Extractor
from guillemet_server.background import BackgroundServer, background_server
from guillemet_server.config import Limits, ServerConfig
from guillemet_server.logs import json_logger
from guillemet_server.observability.tracing import Tracing

if TYPE_CHECKING:
    from conftest import RegexReader

WAIT = 30.0


@dataclass(frozen=True)
class Watched:
    """A running server."""

    running: BackgroundServer
    channel: grpc.Channel
    exporter: InMemorySpanExporter
    written: io.StringIO
    stop: Callable[[], None]  # and wait until it has ended

    @property
    def quotations(self) -> pb_grpc.QuotationServiceStub:
        """A stub."""
        return pb_grpc.QuotationServiceStub(self.channel)

    def extract(self, text: str, **options: Any) -> pb.ExtractQuotationsResponse:
        """Read one text."""
        request = pb.ExtractQuotationsRequest(document=pb.Document(id="d", text=text))
        return self.quotations.ExtractQuotations(request, **{"timeout": WAIT, **options})

    def families(self) -> dict[str, Metric]:
        """Return the metrics as Prometheus reads them."""
        with urllib.request.urlopen(f"http://{self.running.server.metrics_address}/metrics", timeout=WAIT) as response:
            return {family.name: family for family in text_string_to_metric_families(response.read().decode())}

    def value(self, sample: str, **labels: str) -> float:
        """Return the sum of the samples of that name with these labels."""
        samples = [it for family in self.families().values() for it in family.samples]
        assert any(it.name == sample for it in samples), f"no {sample}"
        return sum(it.value for it in samples if it.name == sample and labels.items() <= it.labels.items())

    def log(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of the log about an event."""
        lines = [json.loads(line) for line in self.written.getvalue().splitlines()]
        return [line for line in lines if line["event"] == event]

    def spans(self) -> tuple[ReadableSpan, ...]:
        """Return the spans that have ended."""
        return self.exporter.get_finished_spans()


@pytest.fixture
def watched(reader: "RegexReader", tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Return a function that starts a server."""
    with ExitStack() as stack:

        def start(*, limits: Limits | None = None, extractor: Extractor | None = None, **config: Any) -> Watched:
            exporter, log = InMemorySpanExporter(), io.StringIO()
            provider = TracerProvider(shutdown_on_exit=False)
            provider.add_span_processor(SimpleSpanProcessor(exporter))
            config = {"listen": f"unix:{tmp_path}/s", "metrics_listen": "127.0.0.1:0", "drain_seconds": 5.0, **config}
            background = background_server(
                ServerConfig(limits=limits or Limits(), **config),
                log=json_logger("debug", log),
                load=lambda: extractor or reader,
                tracing=Tracing(provider),
            )
            running = stack.enter_context(background)
            stack.callback(reader.release)
            channel = stack.enter_context(grpc.insecure_channel(running.address, [("grpc.enable_retries", 0)]))
            return Watched(running, channel, exporter, log, stack.close)

        yield start
