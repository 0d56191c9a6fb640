"""Traces: what an RPC went through, under the trace of who asked."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import grpc
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from guillemet.v1 import quotation_pb2 as pb
from guillemet_models.extractor import Extractor

if TYPE_CHECKING:
    from conftest import RegexReader, Watched

    Start = Callable[..., Watched]

WAIT = 30.0
TEXT = "« Nous serons prêts », a déclaré mardi Élisabeth Vasseur, ministre du Travail."
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = (("traceparent", f"00-{TRACE}-{PARENT}-01"),)
STAGES = ["queue", "tokenize", "infer", "decode"]


@pytest.fixture(scope="module")
def embedded() -> Extractor:
    """The model that comes with the package."""
    return Extractor.load(threads=1)


def of_rpc(spans: tuple[ReadableSpan, ...]) -> ReadableSpan:
    [span] = [span for span in spans if span.kind is SpanKind.SERVER]
    return span


def stages(spans: tuple[ReadableSpan, ...]) -> list[ReadableSpan]:
    return sorted((span for span in spans if span.kind is not SpanKind.SERVER), key=lambda span: span.start_time)


def test_a_trace_shows_the_stages_of_a_text_under_the_callers_trace(watched: "Start", embedded: Extractor) -> None:
    server = watched(extractor=embedded)

    assert server.extract(TEXT, metadata=TRACEPARENT).result.quotations
    server.stop()

    rpc, parts = of_rpc(server.spans()), stages(server.spans())
    assert f"{rpc.context.trace_id:032x}" == TRACE
    assert f"{rpc.parent.span_id:016x}" == PARENT
    assert rpc.name == "guillemet.v1.QuotationService/ExtractQuotations"
    assert rpc.attributes["rpc.grpc.status_code"] == 0
    assert [span.name for span in parts] == STAGES
    for span in parts:
        assert span.context.trace_id == rpc.context.trace_id
        assert span.parent.span_id == rpc.context.span_id
    instants = [rpc.start_time, *(instant for span in parts for instant in (span.start_time, span.end_time)), rpc.end_time]
    assert instants == sorted(instants)


def test_a_long_text_shows_each_of_its_windows_and_batches(watched: "Start", reader: "RegexReader") -> None:
    server = watched()
    reader.batches.clear()  # the one that warmed up

    result = server.extract("mot " * 2_500, metadata=TRACEPARENT).result
    server.stop()

    names = [span.name for span in stages(server.spans())]
    assert result.stats.windows == 3
    counts = {name: names.count(name) for name in names}
    assert counts == {"tokenize": 1, "queue": 3, "infer": len(reader.batches), "decode": 1}


def test_a_call_without_a_trace_begins_one(watched: "Start") -> None:
    server = watched()

    for metadata in ((), (("traceparent", "00-nonsense-01"),)):
        server.extract(TEXT, metadata=metadata)
    server.stop()

    spans = [span for span in server.spans() if span.kind is SpanKind.SERVER]
    assert [span.parent for span in spans] == [None, None]
    assert len({span.context.trace_id for span in spans}) == 2


def test_each_document_of_a_batch_and_of_a_stream_is_seen(watched: "Start", embedded: Extractor) -> None:
    server = watched(extractor=embedded)
    documents = [pb.Document(id=str(number), text=TEXT) for number in range(3)]

    def requests() -> Iterator[pb.StreamExtractQuotationsRequest]:
        yield from (pb.StreamExtractQuotationsRequest(document=document) for document in documents)

    list(server.quotations.StreamExtractQuotations(requests(), timeout=WAIT, metadata=TRACEPARENT))
    server.quotations.BatchExtractQuotations(pb.BatchExtractQuotationsRequest(documents=documents), timeout=WAIT)
    server.stop()

    rpcs = [span for span in server.spans() if span.kind is SpanKind.SERVER]
    names = {
        rpc.name.rpartition("/")[2]: [
            span.name for span in stages(server.spans()) if span.parent.span_id == rpc.context.span_id
        ]
        for rpc in rpcs
    }
    assert names.keys() == {"StreamExtractQuotations", "BatchExtractQuotations"}
    assert all(sorted(found) == sorted(STAGES * 3) for found in names.values())


def test_what_a_caller_did_wrong_is_no_error_of_the_server_and_what_broke_is(watched: "Start") -> None:
    server = watched()

    for text in ("", "poison"):
        with pytest.raises(grpc.RpcError):
            server.extract(text)
    server.stop()

    spans = {span.attributes["guillemet.outcome"]: span for span in server.spans() if span.kind is SpanKind.SERVER}
    assert spans["TEXT_EMPTY"].status.status_code is StatusCode.UNSET
    assert spans["INTERNAL"].status.status_code is StatusCode.ERROR
    assert spans["INTERNAL"].events == ()  # an exception would quote the text


def test_a_cancelled_call_ends_its_span(watched: "Start", reader: "RegexReader") -> None:
    server = watched()
    reader.hold()
    request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT))
    call = server.quotations.ExtractQuotations.future(request, timeout=WAIT)
    reader.wait_until_begun()

    call.cancel()
    reader.wait_until_interrupted()
    server.stop()

    assert of_rpc(server.spans()).attributes["guillemet.outcome"] == "CANCELLED"
