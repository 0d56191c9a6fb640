"""What gRPC itself is told to refuse."""

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_server.config import Limits

if TYPE_CHECKING:
    from conftest import RegexReader, Secured

    Start = Callable[..., Secured]

WAIT = 30.0
TEXT = "« Nous partons », a dit Zoé Li."
ALONE = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]


def get_model(channel: grpc.Channel, **options: object) -> pb.GetModelResponse:
    return pb_grpc.ModelServiceStub(channel).GetModel(pb.GetModelRequest(), timeout=WAIT, **options)


def test_headers_are_taken_up_to_the_limit_and_no_further(secured: "Start") -> None:
    server = secured(limits=Limits(max_header_bytes=2_000))

    with grpc.insecure_channel(server.address, ALONE) as channel:
        assert get_model(channel, metadata=[("padding", "x" * 1_200)])
        for size in (2_000, 20_000, 200_000):
            with pytest.raises(grpc.RpcError) as caught:
                get_model(channel, metadata=[("padding", "x" * size)])
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert get_model(channel)


def test_connections_are_taken_up_to_the_limit_and_again_when_one_has_ended(secured: "Start") -> None:
    server = secured(limits=Limits(max_connections=3))

    with ExitStack() as stack:
        for _ in range(3):
            assert get_model(stack.enter_context(grpc.insecure_channel(server.address, ALONE)))
        with grpc.insecure_channel(server.address, ALONE) as one_more, pytest.raises(grpc.RpcError) as caught:
            get_model(one_more)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE

    with grpc.insecure_channel(server.address, ALONE) as channel:
        assert get_model(channel, wait_for_ready=True)


def test_calls_beyond_those_of_one_connection_wait_at_the_caller(secured: "Start", reader: "RegexReader") -> None:
    server = secured(limits=Limits(max_connection_rpcs=2))
    reader.hold()

    with grpc.insecure_channel(server.address, ALONE) as channel:
        stub = pb_grpc.QuotationServiceStub(channel)
        request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT))
        first = [stub.ExtractQuotations.future(request, timeout=WAIT) for _ in range(2)]
        reader.wait_until_begun()
        third = pb_grpc.ModelServiceStub(channel).GetModel.future(pb.GetModelRequest(), timeout=WAIT)
        with grpc.insecure_channel(server.address, ALONE) as other:
            assert get_model(other)
        assert not third.done()
        reader.release()
        assert [len(call.result().result.quotations) for call in first] == [1, 1]
        assert third.result().model.name == "regex"


def test_a_message_one_byte_above_the_limit_is_not_taken(secured: "Start") -> None:
    limit = 4_000
    server = secured(limits=Limits(max_request_bytes=limit, max_document_characters=100))

    def refusal(n_bytes: int) -> grpc.StatusCode:
        with grpc.insecure_channel(server.address, ALONE) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary("/guillemet.v1.QuotationService/ExtractQuotations")(b"\xff" * n_bytes, timeout=WAIT)
        return caught.value.code()

    assert refusal(limit) is grpc.StatusCode.INVALID_ARGUMENT  # it was looked at
    assert refusal(limit + 1) is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("method", ["ExtractQuotations", "BatchExtractQuotations", "StreamExtractQuotations"])
@pytest.mark.parametrize(
    "message", [b"\xff", b"\x0a\x05ab", b"\x0a\x04\x12\x02\xc3\x28"], ids=["no field", "cut off", "no UTF-8"]
)
def test_what_is_no_message_of_the_contract_is_refused_with_a_reason(method: str, message: bytes, secured: "Start") -> None:
    server = secured()
    name = f"/guillemet.v1.QuotationService/{method}"
    if method == "StreamExtractQuotations":
        message = message.replace(b"\x0a\x04", b"\x12\x04")

    with grpc.insecure_channel(server.address, ALONE) as channel, pytest.raises(grpc.RpcError) as caught:
        # On the wire a call with one request and one answer is a stream of one.
        list(channel.stream_stream(name)(iter([message]), timeout=WAIT))

    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(caught.value).details[0].Unpack(info)
    assert (caught.value.code(), info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MESSAGE_MALFORMED")


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_a_compressed_message_is_refused_however_small_it_is(algorithm: grpc.Compression, secured: "Start") -> None:
    server = secured()

    with grpc.insecure_channel(server.address, ALONE) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            pb_grpc.ModelServiceStub(channel).GetModel(
                pb.GetModelRequest(name="x" * 1_000), timeout=WAIT, compression=algorithm
            )
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert get_model(channel)


def test_a_connection_that_is_old_enough_is_replaced_and_its_calls_are_finished(
    secured: "Start", reader: "RegexReader"
) -> None:
    server = secured(max_connection_seconds=1.0)
    reader.hold()

    with grpc.insecure_channel(server.address, ALONE) as channel:
        states: list[grpc.ChannelConnectivity] = []
        left = threading.Event()

        def watch(state: grpc.ChannelConnectivity) -> None:
            states.append(state)
            if state is grpc.ChannelConnectivity.IDLE and grpc.ChannelConnectivity.READY in states:
                left.set()

        channel.subscribe(watch)
        request = pb.ExtractQuotationsRequest(document=pb.Document(text=TEXT))
        call = pb_grpc.QuotationServiceStub(channel).ExtractQuotations.future(request, timeout=WAIT)
        reader.wait_until_begun()
        assert left.wait(WAIT)  # the server said that it is time to go
        assert get_model(channel)  # over a new connection
        assert not call.done()
        reader.release()
        assert len(call.result().result.quotations) == 1


def test_a_caller_that_never_says_anything_does_not_keep_others_out(secured: "Start") -> None:
    server = secured()
    host, _, port = server.address.rpartition(":")

    with socket.create_connection((host, int(port))), grpc.insecure_channel(server.address, ALONE) as channel:
        assert get_model(channel)
