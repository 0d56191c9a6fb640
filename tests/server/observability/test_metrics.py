"""Every metric moves when what it counts happens, and only then."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_server import __version__
from guillemet_server.config import Limits
from guillemet_server.observability.exposition import Exposition
from guillemet_server.observability.metrics import Metrics
from guillemet_server.serving import StartError

if TYPE_CHECKING:
    from conftest import RegexReader, Watched

    Start = Callable[..., Watched]

WAIT = 30.0
TEXT = "« Nous partons », a dit Zoé Li."
N_TOKENS = 8  # of the text, as the double of the model counts


def wait_for(server: "Watched", sample: str, value: float, **labels: str) -> None:
    """Return when a metric has that value; a call is counted when its answer is on its way already."""
    never, deadline = threading.Event(), time.monotonic() + WAIT
    while (now := server.value(sample, **labels)) != value:
        assert time.monotonic() < deadline, f"{sample} is {now}"
        never.wait(0.01)


def test_calls_are_counted_by_method_and_code(watched: "Start") -> None:
    server = watched()

    for text in (TEXT, TEXT, ""):
        server.quotations.ExtractQuotations.future(
            pb.ExtractQuotationsRequest(document=pb.Document(text=text)), timeout=WAIT
        ).exception()
    pb_grpc.ModelServiceStub(server.channel).GetModel(pb.GetModelRequest(), timeout=WAIT)

    wait_for(server, "guillemet_rpcs_total", 2, method="ExtractQuotations", code="OK")
    wait_for(server, "guillemet_rpcs_total", 1, method="ExtractQuotations", code="INVALID_ARGUMENT")
    wait_for(server, "guillemet_rpcs_total", 1, method="GetModel", code="OK")
    assert server.value("guillemet_rpc_seconds_count", method="ExtractQuotations") == 3
    assert server.value("guillemet_refusals_total", reason="TEXT_EMPTY") == 1
    assert server.value("guillemet_rpcs_in_flight") == 0


def test_what_is_read_is_counted(watched: "Start") -> None:
    server = watched()

    server.extract(TEXT)

    assert server.value("guillemet_documents_total") == 1
    assert server.value("guillemet_tokens_total") == N_TOKENS
    for histogram in ("queue_seconds", "batch_texts", "batch_tokens", "inference_seconds"):
        assert server.value(f"guillemet_{histogram}_count") == 1
    assert server.value("guillemet_batch_tokens_sum") == 1 + len(TEXT) // 4
    assert server.value("guillemet_padding_tokens_total") == 0


def test_padding_is_what_the_longest_text_of_a_batch_costs_the_others(watched: "Start", reader: "RegexReader") -> None:
    server = watched()
    reader.hold()
    blocker = server.quotations.ExtractQuotations.future(
        pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT)), timeout=WAIT
    )
    reader.wait_until_begun()
    texts = ["mot " * 10, "mot " * 30]
    batch = pb.BatchExtractQuotationsRequest(documents=[pb.Document(text=text) for text in texts])
    call = server.quotations.BatchExtractQuotations.future(batch, timeout=WAIT)
    wait_for(server, "guillemet_queue_tokens", sum(1 + len(text) // 4 for text in texts))
    assert server.value("guillemet_texts_in_work") == 3
    assert server.value("guillemet_rpcs_in_flight") == 2
    reader.release()
    assert blocker.result()
    assert len(call.result().items) == 2

    assert server.value("guillemet_padding_tokens_total") == 20
    assert server.value("guillemet_batch_texts_sum") == 3
    assert server.value("guillemet_queue_tokens") == 0
    assert server.value("guillemet_texts_in_work") == 0


def test_documents_refused_beside_others_are_counted_by_reason(watched: "Start") -> None:
    server = watched()
    documents = [pb.Document(id="a", text=TEXT), pb.Document(id="a", text=""), pb.Document(text=TEXT)]

    def requests() -> Iterator[pb.StreamExtractQuotationsRequest]:
        yield from (pb.StreamExtractQuotationsRequest(document=it) for it in documents[1:])

    server.quotations.BatchExtractQuotations(pb.BatchExtractQuotationsRequest(documents=documents), timeout=WAIT)
    list(server.quotations.StreamExtractQuotations(requests(), timeout=WAIT))

    assert server.value("guillemet_refusals_total", reason="TEXT_EMPTY") == 2
    assert server.value("guillemet_refusals_total", reason="DOCUMENT_ID_MISSING") == 1
    assert server.value("guillemet_documents_total") == 2


def test_an_answer_that_is_too_large_to_be_sent_is_a_document_refused(watched: "Start") -> None:
    server = watched(limits=Limits(max_document_characters=500, max_request_bytes=4_100))
    document = pb.Document(id="a", text="«»" * 250)
    batch = pb.BatchExtractQuotationsRequest(documents=[document, pb.Document(text=" ")])

    with pytest.raises(grpc.RpcError):
        server.extract(document.text)
    with pytest.raises(grpc.RpcError):
        server.quotations.BatchExtractQuotations(batch, timeout=WAIT)
    requests = iter([pb.StreamExtractQuotationsRequest(document=document)])
    list(server.quotations.StreamExtractQuotations(requests, timeout=WAIT))

    wait_for(server, "guillemet_refusals_total", 1 + 2 + 1)
    assert server.value("guillemet_refusals_total", reason="ANSWER_TOO_LARGE") == 4
    assert server.value("guillemet_documents_total") == 0


def test_a_full_queue_shows(watched: "Start", reader: "RegexReader") -> None:
    server = watched(limits=Limits(max_batch_tokens=10, max_queue_tokens=10))
    reader.hold()
    request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT))
    calls = [server.quotations.ExtractQuotations.future(request, timeout=WAIT)]
    reader.wait_until_begun()
    calls.append(server.quotations.ExtractQuotations.future(request, timeout=WAIT))
    wait_for(server, "guillemet_queue_tokens", 8)

    with pytest.raises(grpc.RpcError):
        server.extract(TEXT)

    wait_for(server, "guillemet_refusals_total", 1, reason="QUEUE_FULL")
    batch = pb.BatchExtractQuotationsRequest(documents=[pb.Document(text=TEXT)] * 3)
    with pytest.raises(grpc.RpcError):
        server.quotations.BatchExtractQuotations(batch, timeout=WAIT)

    wait_for(server, "guillemet_refusals_total", 1 + 3, reason="QUEUE_FULL")
    assert server.value("guillemet_queue_limit_tokens") == 10
    reader.release()
    assert all(call.result() for call in calls)


def test_the_cache_shows(watched: "Start") -> None:
    server = watched(cache_bytes=1_000_000)

    for _ in range(3):
        server.extract(TEXT)

    assert server.value("guillemet_cache_misses_total") == 1
    assert server.value("guillemet_cache_hits_total") == 2
    assert server.value("guillemet_cache_documents") == 1
    assert 0 < server.value("guillemet_cache_bytes") < 1_000_000
    assert server.value("guillemet_documents_total") == 3
    assert server.value("guillemet_tokens_total") == N_TOKENS  # the others were read once already


def test_who_left_shows(watched: "Start", reader: "RegexReader") -> None:
    server = watched()
    reader.hold()
    request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT))
    call = server.quotations.ExtractQuotations.future(request, timeout=WAIT)
    reader.wait_until_begun()

    call.cancel()

    wait_for(server, "guillemet_rpcs_total", 1, method="ExtractQuotations", code="CANCELLED")
    wait_for(server, "guillemet_abandoned_total", 1)


def test_a_deadline_that_passes_is_told_from_a_caller_who_leaves(watched: "Start", reader: "RegexReader") -> None:
    server = watched()
    reader.hold()
    with pytest.raises(grpc.RpcError):
        server.extract(TEXT, timeout=0.2)

    wait_for(server, "guillemet_rpcs_total", 1, method="ExtractQuotations", code="DEADLINE_EXCEEDED")
    wait_for(server, "guillemet_refusals_total", 1, reason="DEADLINE_EXCEEDED")


def test_the_model_and_the_process_are_described(watched: "Start") -> None:
    server = watched()

    [sample] = server.families()["guillemet_model_info"].samples
    assert sample.value == 1
    assert sample.labels["name"] == "regex"
    assert sample.labels["server_version"] == __version__
    assert {"version", "sha256", "runtime", "precision", "threads"} <= sample.labels.keys()
    assert server.value("guillemet_ready") == 1
    assert server.value("process_resident_memory_bytes") > 1e6


async def test_an_event_loop_that_is_held_up_shows() -> None:
    metrics = Metrics()
    exposition = Exposition("127.0.0.1:0", metrics)
    await asyncio.sleep(0)  # its timer is set now

    time.sleep(0.4)  # noqa: ASYNC251 (what should not happen in an event loop)
    while not metrics.registry.get_sample_value("guillemet_event_loop_lag_seconds_count"):  # noqa: ASYNC110 (none tells)
        await asyncio.sleep(0)

    assert metrics.registry.get_sample_value("guillemet_event_loop_lag_seconds_sum") >= 0.1
    await exposition.close()


def test_methods_that_do_not_exist_are_no_labels(watched: "Start", tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(f'[newsroom]\nsha256 = "{"0" * 64}"\n')
    server = watched(tokens=tokens)

    for number in range(20):
        method = server.channel.unary_unary(f"/guillemet.v1.QuotationService/Made{number}")
        with pytest.raises(grpc.RpcError):
            method(b"", timeout=WAIT)

    wait_for(server, "guillemet_rpcs_total", 20, method="other", code="UNAUTHENTICATED")
    methods = {sample.labels["method"] for sample in server.families()["guillemet_rpcs"].samples}
    assert methods == {"BatchExtractQuotations", "ExtractQuotations", "GetModel", "StreamExtractQuotations", "other"}


def test_files_that_cannot_be_read_again_show(watched: "Start", tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(f'[newsroom]\nsha256 = "{"0" * 64}"\n')
    server = watched(tokens=tokens)
    good = tokens.read_text()

    # Asking is enough: nobody has to call first.
    values = []
    for content in (good, "[newsroom", f"{good}\n"):
        tokens.write_text(content)
        values.append(server.value("guillemet_stale_files"))

    assert values == [0, 1, 0]


def test_no_port_is_opened_unless_asked_for(watched: "Start") -> None:
    server = watched(metrics_listen=None)

    assert server.extract(TEXT)
    assert server.running.server.metrics_address == ""


def test_a_port_in_use_is_said_in_one_sentence(watched: "Start") -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StartError, match=f"cannot listen on {re.escape(address)}: Address already in use"):
            watched(metrics_listen=address)
