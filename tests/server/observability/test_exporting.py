"""Traces leave the process as OpenTelemetry's environment variables say: a real server, and a collector that takes them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc

WAIT = 60.0
TEXT = "« Nous serons prêts », a déclaré mardi Élisabeth Vasseur, ministre du Travail."
TRACE = "0af7651916cd43dd8448eb211c80319c"
METADATA = (("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"),)

SERVE = "from guillemet_server.__main__ import app; app()"
# What importing it does where it is not installed.
WITHOUT_OTEL = f"import sys; sys.modules['opentelemetry'] = None; {SERVE}"


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes spans."""

    def __init__(self) -> None:
        self.requests: Queue[trace_service_pb2.ExportTraceServiceRequest] = Queue()

    def Export(  # noqa: N802
        self, request: trace_service_pb2.ExportTraceServiceRequest, _context: grpc.ServicerContext
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        """Keep them."""
        self.requests.put(request)
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield collector, f"http://127.0.0.1:{port}"
    server.stop(None).wait()


@contextmanager
def serving(program: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", list[dict[str, str]], str]]:
    """Run a server; yield its process, its log so far, and its address."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    options = ["--listen", "127.0.0.1:0", "--threads", "1"]
    with subprocess.Popen(
        [sys.executable, "-I", "-c", program, *options], stderr=subprocess.PIPE, text=True, env={**variables, **environment}
    ) as process:
        try:
            log = []
            for line in process.stderr:
                log.append(json.loads(line))
                if log[-1]["event"] == "serving":
                    break
            yield process, log, log[-1]["address"]
        finally:
            process.kill()


def extract(address: str) -> pb.ExtractQuotationsResponse:
    with grpc.insecure_channel(address) as channel:
        request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT))
        return pb_grpc.QuotationServiceStub(channel).ExtractQuotations(request, timeout=WAIT, metadata=METADATA)


def test_a_server_sends_its_spans_to_the_collector_of_its_environment(collector: tuple[Collector, str]) -> None:
    received, endpoint = collector
    with serving(SERVE, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_RESOURCE_ATTRIBUTES="deployment.environment=test") as (
        process,
        _,
        address,
    ):
        assert extract(address).result.quotations
        process.terminate()  # what is not sent yet is sent then
        assert process.wait(WAIT) == 0

    [sent] = received.requests.get(timeout=WAIT).resource_spans
    attributes = {it.key: it.value.string_value for it in sent.resource.attributes}
    spans = [span for scope in sent.scope_spans for span in scope.spans]
    assert attributes["service.name"] == "guillemet"
    assert attributes["deployment.environment"] == "test"
    assert {span.name for span in spans} >= {"queue", "tokenize", "infer", "decode"}
    assert {span.trace_id.hex() for span in spans} == {TRACE}


def test_without_the_extra_a_server_says_that_it_does_not_trace_and_serves(collector: tuple[Collector, str]) -> None:
    _, endpoint = collector
    with serving(WITHOUT_OTEL, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as (_, log, address):
        assert extract(address).result.quotations

    [warning] = [line for line in log if line["event"] == "no traces"]
    assert warning["install"] == "guillemet with its extra 'otel'"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_traced_where_the_environment_does_not_want_it(
    environment: dict[str, str], collector: tuple[Collector, str]
) -> None:
    received, endpoint = collector
    if environment:
        environment = {**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    program = """
import sys
from guillemet_server.logs import json_logger
from guillemet_server.observability.exporting import tracing_from_environment
assert tracing_from_environment(json_logger("info")) is None
assert "opentelemetry" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], env={**os.environ, **environment}, capture_output=True, timeout=WAIT, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert received.requests.empty()
