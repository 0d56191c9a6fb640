"""How much a caller may have read."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from hypothesis import given
from hypothesis import strategies as st

import guillemet_client as gc
from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_server.security.quotas import Quota

if TYPE_CHECKING:
    from conftest import RegexReader, Secured, TokenFile

    Start = Callable[..., Secured]

WAIT = 30.0
BURST = 10.0  # seconds of the quota
TEXT = "« Nous partons », a dit Zoé Li."

arrivals = st.lists(st.tuples(st.floats(0, 30), st.integers(1, 500)), max_size=50)


@given(arrivals=arrivals, rate=st.floats(1, 100))
def test_nobody_is_read_more_than_its_quota_and_one_text_beyond(arrivals: list[tuple[float, int]], rate: float) -> None:
    quota, now, taken, longest = Quota(now=0.0), 0.0, 0, 0
    for pause, tokens in arrivals:
        now += pause
        if quota.take(tokens, rate=rate, now=now) is None:
            taken += tokens
            longest = max(longest, tokens)
        assert taken <= rate * (BURST + now) + longest + 1e-6 * taken


@given(arrivals=arrivals, rate=st.floats(1, 100))
def test_who_waits_as_long_as_it_is_told_is_let_in(arrivals: list[tuple[float, int]], rate: float) -> None:
    quota, now = Quota(now=0.0), 0.0
    for pause, tokens in arrivals:
        now += pause
        wait = quota.take(tokens, rate=rate, now=now)
        if wait is not None:
            assert wait > 0
            now += wait * (1 + 1e-9)
            assert quota.take(tokens, rate=rate, now=now) is None


def test_a_quota_that_is_lowered_holds_at_once() -> None:
    quota = Quota(now=0.0)
    assert quota.take(1000, rate=100.0, now=0.0) is None

    assert quota.take(1, rate=1.0, now=0.0) == pytest.approx(991)


def extract(channel: grpc.Channel, token: str, text: str) -> pb.DocumentResult:
    request = pb.ExtractQuotationsRequest(document=pb.Document(text=text))
    stub = pb_grpc.QuotationServiceStub(channel)
    return stub.ExtractQuotations(request, timeout=WAIT, metadata=(("authorization", f"Bearer {token}"),)).result


def test_a_caller_beyond_its_quota_is_told_when_to_come_back_and_others_are_served(
    secured: "Start", tokens: "TokenFile", reader: "RegexReader"
) -> None:
    greedy, modest = tokens.add("greedy", tokens_per_second=1.0), tokens.add("modest")
    server = secured(tokens=tokens.path)
    with grpc.insecure_channel(server.address, [("grpc.enable_retries", 0)]) as channel:
        assert extract(channel, greedy, f"{TEXT} {'mot ' * 400}").quotations  # about 400 tokens, at once
        read_before = len(reader.batches)
        with pytest.raises(grpc.RpcError) as caught:
            extract(channel, greedy, TEXT)
        assert len(reader.batches) == read_before
        assert extract(channel, modest, TEXT).quotations

    status = rpc_status.from_call(caught.value)
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(retry)
    assert (caught.value.code(), info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED")
    assert info.metadata["tokens_per_second"] == "1"
    seconds = retry.retry_delay.ToMilliseconds() / 1000
    assert 300 < seconds < 420
    assert dict(caught.value.trailing_metadata())["grpc-retry-pushback-ms"] == str(round(1000 * seconds))


def test_a_caller_is_told_to_come_back_tomorrow_however_small_its_quota(secured: "Start", tokens: "TokenFile") -> None:
    token = tokens.add("tiny", tokens_per_second=1e-300)
    server = secured(tokens=tokens.path)
    with grpc.insecure_channel(server.address, [("grpc.enable_retries", 0)]) as channel:
        assert extract(channel, token, TEXT).quotations
        with pytest.raises(grpc.RpcError) as caught:
            extract(channel, token, TEXT)

    status, retry = rpc_status.from_call(caught.value), error_details_pb2.RetryInfo()
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.ToSeconds() == 24 * 60 * 60


def test_a_client_comes_back_by_itself_when_its_quota_allows(secured: "Start", tokens: "TokenFile") -> None:
    token = tokens.add("newsroom", tokens_per_second=100.0)
    server = secured(tokens=tokens.path)

    with gc.Client(server.address, token=gc.Token(token), timeout=WAIT) as caller:
        assert caller.extract(f"{TEXT} {'mot ' * 1000}").quotations  # overdrawn by some ten tokens
        assert caller.extract(TEXT).quotations

    outcomes = [line for line in server.lines("rpc") if "QUOTA_EXCEEDED" in line]
    assert len(outcomes) == 1
    assert '"caller": "newsroom"' in outcomes[0]


def test_a_document_of_a_stream_beyond_the_quota_is_refused_alone(secured: "Start", tokens: "TokenFile") -> None:
    token = tokens.add("newsroom", tokens_per_second=1.0)
    server = secured(tokens=tokens.path)
    requests = [
        pb.StreamExtractQuotationsRequest(document=pb.Document(id=str(number), text=f"{TEXT} {'mot ' * 400}"))
        for number in range(2)
    ]

    with grpc.insecure_channel(server.address) as channel:
        stub = pb_grpc.QuotationServiceStub(channel)
        metadata = (("authorization", f"Bearer {token}"),)
        answers = list(stub.StreamExtractQuotations(iter(requests), timeout=WAIT, metadata=metadata))

    assert sorted(answer.WhichOneof("outcome") for answer in answers) == ["error", "result"]
    [refused] = [answer.error for answer in answers if answer.HasField("error")]
    assert refused.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


def test_a_quota_that_the_file_raises_lets_the_caller_in_again(secured: "Start", tokens: "TokenFile") -> None:
    token = tokens.add("newsroom", tokens_per_second=1.0)
    server = secured(tokens=tokens.path)
    with grpc.insecure_channel(server.address, [("grpc.enable_retries", 0)]) as channel:
        assert extract(channel, token, f"{TEXT} {'mot ' * 400}").quotations
        with pytest.raises(grpc.RpcError):
            extract(channel, token, TEXT)

        tokens.path.write_text(tokens.path.read_text().replace("tokens_per_second = 1", "tokens_per_second = 1000"))

        assert extract(channel, token, TEXT).quotations
