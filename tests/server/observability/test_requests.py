"""The id under which a caller, the log and the traces speak of one request."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from guillemet.v1 import quotation_pb2 as pb

if TYPE_CHECKING:
    from conftest import Watched

    Start = Callable[..., Watched]

WAIT = 30.0
TEXT = "« Nous partons », a dit Zoé Li."
HEADER = "x-request-id"


def id_told(server: "Watched", text: str, sent: str | bytes | None = None) -> str:
    """Return the id in the trailers of a call, whatever becomes of it."""
    request = pb.ExtractQuotationsRequest(document=pb.Document(text=text))
    metadata = () if sent is None else ((HEADER, sent),)
    call = server.quotations.ExtractQuotations.future(request, timeout=WAIT, metadata=metadata)
    call.exception()
    [told] = [value for key, value in call.trailing_metadata() if key == HEADER]
    return told


@pytest.mark.parametrize(("text", "outcome"), [(TEXT, "OK"), ("", "TEXT_EMPTY"), ("poison", "INTERNAL")])
def test_the_callers_id_comes_back_and_stands_in_the_log(text: str, outcome: str, watched: "Start") -> None:
    server = watched()

    told = id_told(server, text, "article-4711/v2")
    server.stop()

    assert told == "article-4711/v2"
    assert [(line["request_id"], line["outcome"]) for line in server.log("rpc")] == [(told, outcome)]


def test_a_call_without_an_id_is_given_one(watched: "Start") -> None:
    server = watched()

    told = [id_told(server, TEXT) for _ in range(2)]

    assert all(re.fullmatch(r"[0-9a-f]{32}", it) for it in told)
    assert told[0] != told[1]


@pytest.mark.parametrize("sent", ["", "two words", 'x","event":"forged', "x" * 129])
def test_an_id_that_could_forge_a_line_is_replaced(sent: str, watched: "Start") -> None:
    server = watched()

    assert re.fullmatch(r"[0-9a-f]{32}", id_told(server, TEXT, sent))


def test_a_failure_is_found_in_the_log_by_the_id_of_the_request(watched: "Start") -> None:
    server = watched()
    with pytest.raises(grpc.RpcError) as caught:
        server.extract("poison", metadata=((HEADER, "mine"),))
    server.stop()

    request = error_details_pb2.RequestInfo()
    assert rpc_status.from_call(caught.value).details[-1].Unpack(request)
    assert request.request_id == "mine"
    assert [line["request_id"] for line in server.log("failure")] == ["mine"]


def test_calls_at_the_same_time_do_not_share_their_ids(watched: "Start") -> None:
    server = watched()
    request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT))
    ids = [f"call-{number}" for number in range(20)]

    calls = [server.quotations.ExtractQuotations.future(request, timeout=WAIT, metadata=((HEADER, it),)) for it in ids]

    assert [dict(call.trailing_metadata())[HEADER] for call in calls if call.result()] == ids


def test_every_document_of_a_stream_fails_under_the_streams_id(watched: "Start") -> None:
    server = watched()
    requests = [pb.StreamExtractQuotationsRequest(document=pb.Document(id=it, text="poison")) for it in "ab"]

    answers = list(server.quotations.StreamExtractQuotations(iter(requests), timeout=WAIT, metadata=((HEADER, "s"),)))
    server.stop()

    assert all(answer.HasField("error") for answer in answers)
    assert [line["request_id"] for line in server.log("failure")] == ["s", "s"]


def test_a_line_says_who_called_from_where_what_and_how_it_ended(watched: "Start") -> None:
    server = watched()

    server.extract(TEXT)
    server.stop()

    [line] = server.log("rpc")
    assert line.keys() == {"event", "level", "timestamp", "method", "outcome", "milliseconds", "peer", "request_id"}
    assert (line["level"], line["method"]) == ("debug", "/guillemet.v1.QuotationService/ExtractQuotations")
    assert line["peer"].startswith("unix:")
