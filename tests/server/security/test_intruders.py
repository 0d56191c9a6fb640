"""Whoever may not call reaches nothing, whatever it calls: every kind of intruder at every door."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from conftest import Authority, RegexReader, Secured, TokenFile

    Start = Callable[..., Secured]
    Metadata = tuple[tuple[str, str], ...]

WAIT = 30.0
TEXT = "« Nous partons », a dit Zoé Li."
DOCUMENT = pb.Document(id="d", text=TEXT)


def extract(channel: grpc.Channel, metadata: "Metadata") -> object:
    request = pb.ExtractQuotationsRequest(document=DOCUMENT)
    return pb_grpc.QuotationServiceStub(channel).ExtractQuotations(request, timeout=WAIT, metadata=metadata)


def batch(channel: grpc.Channel, metadata: "Metadata") -> object:
    request = pb.BatchExtractQuotationsRequest(documents=[DOCUMENT])
    return pb_grpc.QuotationServiceStub(channel).BatchExtractQuotations(request, timeout=WAIT, metadata=metadata)


def stream(channel: grpc.Channel, metadata: "Metadata") -> object:
    requests = iter([pb.StreamExtractQuotationsRequest(document=DOCUMENT)])
    return list(pb_grpc.QuotationServiceStub(channel).StreamExtractQuotations(requests, timeout=WAIT, metadata=metadata))


def get_model(channel: grpc.Channel, metadata: "Metadata") -> object:
    return pb_grpc.ModelServiceStub(channel).GetModel(pb.GetModelRequest(), timeout=WAIT, metadata=metadata)


def reflect(channel: grpc.Channel, metadata: "Metadata") -> object:
    requests = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    return list(stub.ServerReflectionInfo(requests, timeout=WAIT, metadata=metadata))


def call_what_does_not_exist(channel: grpc.Channel, metadata: "Metadata") -> object:
    return channel.unary_unary("/guillemet.v1.QuotationService/Nothing")(b"", timeout=WAIT, metadata=metadata)


def check_health(channel: grpc.Channel, metadata: "Metadata" = ()) -> int:
    stub = health_pb2_grpc.HealthStub(channel)
    return stub.Check(health_pb2.HealthCheckRequest(), timeout=WAIT, metadata=metadata).status


DOORS = [extract, batch, stream, get_model, reflect, call_what_does_not_exist]
Door = Callable[[grpc.Channel, "Metadata"], object]


@contextmanager
def channel_to(secured: "Secured", credentials: grpc.ChannelCredentials | None) -> Iterator[grpc.Channel]:
    # Of its own, so that no test uses a connection that another made.
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
    if credentials is None:
        with grpc.insecure_channel(secured.address, options) as channel:
            yield channel
    else:
        with grpc.secure_channel(secured.address, credentials, options) as channel:
            yield channel


def refusal_of(door: Door, channel: grpc.Channel, metadata: "Metadata" = ()) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        door(channel, metadata)
    return caught.value


def reason_of(error: grpc.RpcError) -> str:
    info = error_details_pb2.ErrorInfo()
    assert rpc_status.from_call(error).details[0].Unpack(info)
    return info.reason


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ((), "TOKEN_MISSING"),
        ((("authorization", ""),), "TOKEN_MISSING"),
        ((("authorization", "Bearer"),), "TOKEN_MISSING"),
        ((("authorization", "Bearer "),), "TOKEN_MISSING"),
        ((("authorization", "Basic bmV3c3Jvb206"),), "TOKEN_MISSING"),
        ((("authorization", "Bearer wrong"),), "TOKEN_UNKNOWN"),
        ((("authorization", "Bearer a b"),), "TOKEN_UNKNOWN"),
        ((("authorization", "Bearer wrong"), ("authorization", "Bearer wrong")), "TOKEN_MISSING"),
    ],
)
def test_without_a_token_that_the_server_knows_nothing_but_health_answers(
    door: Door, metadata: "Metadata", reason: str, *, secured: "Start", tokens: "TokenFile", reader: "RegexReader"
) -> None:
    tokens.add("newsroom")
    server = secured(tokens=tokens.path)
    read_before = list(reader.batches)

    with channel_to(server, None) as channel:
        refusal = refusal_of(door, channel, metadata)
        health = check_health(channel, metadata)

    assert (refusal.code(), reason_of(refusal)) == (grpc.StatusCode.UNAUTHENTICATED, reason)
    assert health == health_pb2.HealthCheckResponse.SERVING
    assert reader.batches == read_before


@pytest.mark.parametrize("door", DOORS[:-1])
def test_with_its_token_a_caller_reaches_everything(door: Door, secured: "Start", tokens: "TokenFile") -> None:
    token = tokens.add("newsroom")
    server = secured(tokens=tokens.path)

    with channel_to(server, None) as channel:
        for scheme in ("Bearer", "bearer"):
            assert door(channel, (("authorization", f"{scheme} {token}"),))


def credentials_of(intruder: str, authority: "Authority") -> grpc.ChannelCredentials | None:
    stranger = type(authority)(authority.folder)
    match intruder:
        case "no certificate":
            return authority.trusted()
        case "certificate of another authority":
            return authority.trusted(stranger.issue("caller.example"))
        case "expired certificate":
            return authority.trusted(authority.issue("caller.example", expired=True))
        case "trusts another authority":
            return stranger.trusted(authority.issue("caller.example"))
    return None


INTRUDERS = [
    "plain text",
    "no certificate",
    "certificate of another authority",
    "expired certificate",
    "trusts another authority",
]


@pytest.mark.parametrize("door", [*DOORS, check_health])
@pytest.mark.parametrize("intruder", INTRUDERS)
def test_without_a_certificate_that_the_server_trusts_nothing_answers(
    door: Door, intruder: str, secured: "Start", authority: "Authority", reader: "RegexReader"
) -> None:
    server = secured(tls=authority.install(client_ca=authority.roots))
    read_before = list(reader.batches)

    with channel_to(server, credentials_of(intruder, authority)) as channel:
        refusal = refusal_of(door, channel)

    assert refusal.code() is grpc.StatusCode.UNAVAILABLE
    assert reader.batches == read_before


@pytest.mark.parametrize("door", DOORS[:-1])
def test_with_its_certificate_a_caller_reaches_everything(door: Door, secured: "Start", authority: "Authority") -> None:
    server = secured(tls=authority.install(client_ca=authority.roots))

    with channel_to(server, authority.trusted(authority.issue("caller.example"))) as channel:
        assert door(channel, ())


def test_a_server_whose_certificate_has_expired_is_not_called(secured: "Start", authority: "Authority") -> None:
    server = secured(tls=authority.install(authority.issue(expired=True)))

    with channel_to(server, authority.trusted()) as channel:
        refusal = refusal_of(extract, channel)

    assert refusal.code() is grpc.StatusCode.UNAVAILABLE
    assert "certificate" in refusal.details().lower()


def test_a_server_that_does_not_encrypt_is_not_called_by_who_wants_it(secured: "Start", authority: "Authority") -> None:
    server = secured()

    with channel_to(server, authority.trusted()) as channel:
        assert refusal_of(extract, channel).code() is grpc.StatusCode.UNAVAILABLE


def test_a_certificate_does_not_stand_for_a_token(secured: "Start", authority: "Authority", tokens: "TokenFile") -> None:
    token = tokens.add("newsroom")
    server = secured(tls=authority.install(client_ca=authority.roots), tokens=tokens.path)

    with channel_to(server, authority.trusted(authority.issue("caller.example"))) as channel:
        assert reason_of(refusal_of(extract, channel)) == "TOKEN_MISSING"
        assert extract(channel, (("authorization", f"Bearer {token}"),))
