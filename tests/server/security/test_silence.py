"""Not a word of a document leaves the server but in the answer to who sent it: not in logs, errors, metrics or traces."""

import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import grpc
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_server.config import Limits
from guillemet_server.observability.tracing import Tracing

if TYPE_CHECKING:
    from conftest import RegexReader, Secured, TokenFile

    Start = Callable[..., Secured]

WAIT = 30.0
CANARY = "Cucurbitacée"
# In quotation marks, as a name, and as a word: whatever part of a text were to leak.
TEXT = f"« {CANARY} », a dit {CANARY} {CANARY}. {CANARY}."
WRONG = "Xylophage"

Metadata = tuple[tuple[str, str], ...]
Message = pb.ExtractQuotationsRequest | pb.BatchExtractQuotationsRequest | bytes
Path = Callable[["Callers"], None]


class Callers:
    """Whoever calls in this test, and what it was told."""

    def __init__(self, server: "Secured", reader: "RegexReader", token: str) -> None:
        self.server = server
        self.reader = reader
        self.known: Metadata = (("authorization", f"Bearer {token}"),)
        self.told: list[str] = []
        self.channel = grpc.insecure_channel(server.address, [("grpc.enable_retries", 0)])

    def refused(self, request: Message, *, expect: str, metadata: Metadata | None = None, timeout: float = WAIT) -> None:
        """Send one document or a batch, and note the refusal."""
        message = request if isinstance(request, bytes) else request.SerializeToString()
        name = "Batch" * isinstance(request, pb.BatchExtractQuotationsRequest) + "ExtractQuotations"
        method = self.channel.unary_unary(f"/guillemet.v1.QuotationService/{name}")
        with pytest.raises(grpc.RpcError) as caught:
            method(message, timeout=timeout, metadata=self.known if metadata is None else metadata)
        self._note(caught.value, expect)

    def stream(self, *documents: pb.Document, expect: set[str]) -> None:
        """Send documents, and note what becomes of each that is refused."""
        requests = [pb.StreamExtractQuotationsRequest(document=document) for document in documents]
        stub = pb_grpc.QuotationServiceStub(self.channel)
        answers = list(stub.StreamExtractQuotations(iter(requests), timeout=WAIT, metadata=self.known))
        told = [str(answer.error) for answer in answers if answer.HasField("error")]
        assert all(any(reason in it for it in told) for reason in expect)
        self.told += told

    def _note(self, error: grpc.RpcError, expect: str) -> None:
        said = f"{error.code()} {error.details()} {error.trailing_metadata()} {error.debug_error_string()}"
        assert expect in said, said
        self.told.append(said)


def one(text: str = TEXT, **options: object) -> pb.ExtractQuotationsRequest:
    return pb.ExtractQuotationsRequest(document=pb.Document(id="d", text=text), options=pb.ExtractOptions(**options))


def answered(callers: Callers) -> None:
    stub = pb_grpc.QuotationServiceStub(callers.channel)
    result = stub.ExtractQuotations(one(), timeout=WAIT, metadata=callers.known).result
    assert result.entities[0].name.content == f"{CANARY} {CANARY}"


def bad_requests(callers: Callers) -> None:
    callers.refused(one(TEXT * 20), expect="DOCUMENT_TOO_LONG")
    callers.refused(one(TEXT, model="other"), expect="MODEL_UNKNOWN")
    callers.refused(one(TEXT, min_probability=7.0), expect="OPTION_INVALID")
    document = pb.Document(text=TEXT, language_code="de")
    callers.refused(pb.ExtractQuotationsRequest(document=document), expect="LANGUAGE_UNSUPPORTED")
    document = pb.Document(text=TEXT, id="x" * 300)
    callers.refused(pb.ExtractQuotationsRequest(document=document), expect="DOCUMENT_ID_TOO_LONG")
    callers.refused(pb.BatchExtractQuotationsRequest(documents=[document] * 5), expect="BATCH_TOO_LARGE")


def bad_messages(callers: Callers) -> None:
    text = TEXT.encode()
    callers.refused(b"\x0a\xff" + text, expect="MESSAGE_MALFORMED")
    no_utf8 = text + b"\xff"
    document = b"\x12" + bytes([len(no_utf8)]) + no_utf8
    callers.refused(b"\x0a" + bytes([len(document)]) + document, expect="MESSAGE_MALFORMED")
    callers.refused(text * 200, expect="RESOURCE_EXHAUSTED")
    callers.refused(one(f"{CANARY} " + "« o »" * 150), expect="ANSWER_TOO_LARGE")


def a_model_that_breaks(callers: Callers) -> None:
    broken = pb.Document(id="b", text=f"poison {TEXT}")
    callers.refused(pb.ExtractQuotationsRequest(document=broken), expect="INTERNAL")
    batch = pb.BatchExtractQuotationsRequest(documents=[broken, pb.Document(text=TEXT)])
    stub = pb_grpc.QuotationServiceStub(callers.channel)
    items = stub.BatchExtractQuotations(batch, timeout=WAIT, metadata=callers.known).items
    assert [item.WhichOneof("outcome") for item in items] == ["error", "result"]
    callers.told.append(str(items[0].error))


def streams(callers: Callers) -> None:
    broken = pb.Document(id="b", text=f"poison {TEXT}")
    callers.stream(broken, pb.Document(text=TEXT), expect={"INTERNAL", "DOCUMENT_ID_MISSING"})


def strangers(callers: Callers) -> None:
    callers.refused(one(), expect="TOKEN_MISSING", metadata=())
    callers.refused(one(), expect="TOKEN_UNKNOWN", metadata=(("authorization", f"Bearer {WRONG}"),))
    callers.refused(one(), expect="TOKEN_MISSING", metadata=(("authorization", f"Basic {WRONG}"),))
    callers.refused(one(), expect="TOKEN_MISSING", metadata=(("authorization", f"Bearer {WRONG}"),) * 2)


def those_who_wait_too_long(callers: Callers) -> None:
    callers.reader.hold()
    stub = pb_grpc.QuotationServiceStub(callers.channel)
    leaving = stub.ExtractQuotations.future(one(), timeout=WAIT, metadata=callers.known)
    callers.reader.wait_until_begun()
    callers.refused(one(), expect="DEADLINE_EXCEEDED", timeout=0.2)
    waiting = stub.ExtractQuotations.future(one("mot " * 30), timeout=WAIT, metadata=callers.known)
    deadline = time.monotonic() + WAIT
    while callers.server.server.scheduler.admission.queued_tokens < 30:
        assert time.monotonic() < deadline
    callers.refused(pb.BatchExtractQuotationsRequest(documents=[one().document] * 3), expect="QUEUE_FULL")
    leaving.cancel()
    callers.reader.release()
    waiting.result()


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def callers(secured: "Start", reader: "RegexReader", tokens: "TokenFile", spans: InMemorySpanExporter) -> Iterator[Callers]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    limits = Limits(
        max_document_characters=1_000,
        max_request_bytes=6_100,
        max_batch_documents=4,
        max_batch_tokens=50,
        max_queue_tokens=60,
    )
    token = tokens.add("newsroom")
    server = secured(limits=limits, tokens=tokens.path, metrics_listen="127.0.0.1:0", tracing=Tracing(provider))
    callers = Callers(server, reader, token)
    yield callers
    callers.channel.close()


PATHS: list[Path] = [
    answered,
    bad_requests,
    bad_messages,
    a_model_that_breaks,
    streams,
    strangers,
    those_who_wait_too_long,
]


@pytest.mark.parametrize("path", PATHS)
def test_no_word_of_a_document_appears_elsewhere(
    path: Path,
    callers: Callers,
    spans: InMemorySpanExporter,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path(callers)

    with urllib.request.urlopen(f"http://{callers.server.server.metrics_address}/metrics", timeout=WAIT) as response:
        metrics = response.read().decode()
    callers.server.stop()
    log = callers.server.log.getvalue()
    seen = {
        "errors": "\n".join(callers.told),
        "log": log,
        "metrics": metrics,
        "spans": "\n".join(span.to_json() for span in spans.get_finished_spans()),
        "output": "".join(capfd.readouterr()) + caplog.text,
    }
    assert '"event": "rpc"' in log
    assert "guillemet_rpcs_total{" in metrics
    assert seen["spans"]
    for where, text in seen.items():
        for word in (CANARY, CANARY.encode("unicode_escape").decode(), CANARY[3:9], WRONG, "poison"):
            assert word not in text, f"in the {where}"
