"""One stream for a whole corpus, with both clients where `ask` is used."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

import guillemet_client as gc
from guillemet.v1 import quotation_pb2 as pb
from guillemet_client._flow import Flow

NewStatus = Callable[..., status_pb2.Status]
Ask = Callable[..., Any]


def test_a_stream_yields_in_the_order_of_the_texts(ask: Ask, service: Any) -> None:
    service.hold = 4

    documents = ask("extract_iter", (f"« {number} »" for number in range(10)), max_in_flight=4)

    assert [document.quotations[0].text for document in documents] == [f"« {number} »" for number in range(10)]
    assert [document.id for document in documents] == [str(number) for number in range(10)]


def test_a_stream_may_yield_as_documents_finish(ask: Ask, service: Any) -> None:
    service.hold = 3

    documents = ask("extract_iter", ["a", "b", "c"], ordered=False)

    assert [(document.id, document.text) for document in documents] == [("2", "c"), ("1", "b"), ("0", "a")]


def test_an_empty_corpus(ask: Ask) -> None:
    assert ask("extract_iter", []) == []


def test_a_broken_stream_goes_on_with_what_was_not_answered(ask: Ask, service: Any) -> None:
    service.break_streams_after.extend([2, 3])
    texts = [f"text {number}" for number in range(9)]

    documents = ask("extract_iter", texts, max_in_flight=4)

    assert [document.text for document in documents] == texts
    _, second, third = service.streams
    assert set(second).isdisjoint(texts[:2])
    assert set(third).isdisjoint(texts[:5])


def test_a_stream_that_never_answers_is_given_up_when_patience_ends(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.failures.extend([new_status(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", retry_seconds=0.01)] * 9999)

    with pytest.raises(gc.Unavailable):
        ask("extract_iter", ["a"], errors="return", patience=0.1)

    assert len(service.streams) > 1


def test_without_patience_a_stream_is_opened_once(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.failures.append(new_status(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", retry_seconds=0.001))

    with pytest.raises(gc.Unavailable):
        ask("extract_iter", ["a"], errors="return", patience=0)

    assert len(service.streams) == 1


def test_an_answer_renews_patience() -> None:
    flow = Flow(
        pb.ExtractOptions(), ordered=True, max_in_flight=4, max_message_bytes=10**6, errors="raise", patience_seconds=10.0
    )
    down = gc.Unavailable("down", retry_after_seconds=1.0)
    flow.add("a")
    flow.add("b")

    assert [flow.reopen_after_seconds(down, now=now, end=None) for now in (100.0, 109.0)] == [1.0, 1.0]
    flow.receive(answer_to("0"))
    assert flow.reopen_after_seconds(down, now=111.0, end=None) == 1.0
    with pytest.raises(gc.Unavailable):
        flow.reopen_after_seconds(down, now=121.0, end=None)


@pytest.mark.parametrize(("patience", "end"), [(10.0, None), (9999.0, 110.0)])
def test_a_wait_that_would_outlast_the_patience_or_the_time_is_not_begun(patience: float, end: float | None) -> None:
    flow = Flow(
        pb.ExtractOptions(), ordered=True, max_in_flight=4, max_message_bytes=10**6, errors="raise", patience_seconds=patience
    )
    flow.add("a")

    assert flow.reopen_after_seconds(gc.Overloaded("full", retry_after_seconds=4.0), now=100.0, end=end) == 4.0
    with pytest.raises(gc.Overloaded):
        flow.reopen_after_seconds(gc.Overloaded("full", retry_after_seconds=7.0), now=104.0, end=end)


def answer_to(id: str) -> pb.StreamExtractQuotationsResponse:
    result = pb.DocumentResult(document_id=id, offset_encoding=pb.OFFSET_ENCODING_UTF32)
    return pb.StreamExtractQuotationsResponse(document_id=id, result=result)


def test_a_stream_is_not_opened_again_after_other_failures(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.failures.extend([new_status(grpc.StatusCode.INVALID_ARGUMENT, "OPTION_INVALID")] * 3)

    with pytest.raises(gc.InvalidRequest):
        ask("extract_iter", ["a"])

    # A second time only where grpc.aio lost the status of the first.
    assert len(service.streams) <= 2


def test_documents_refused_for_now_are_sent_again(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.refuse_in_stream.extend([new_status(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=0.001)] * 3)
    texts = [f"text {number}" for number in range(6)]

    assert [document.text for document in ask("extract_iter", texts)] == texts


def test_documents_refused_for_too_long_are_errors(ask: Ask, service: Any, new_status: NewStatus) -> None:
    busy = new_status(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=0.01)
    service.refuse_in_stream.extend([busy] * 9999)

    [error] = ask("extract_iter", ["a"], errors="return", patience=0.1)

    assert isinstance(error, gc.Overloaded)
    assert error.index == 0


def test_a_bad_document_of_a_stream_is_raised_when_its_turn_comes(address: str) -> None:
    with gc.Client(address) as client:
        documents = client.extract_iter(["a", "b", "refuse TEXT_ODD", "c"])

        assert [next(documents).text, next(documents).text] == ["a", "b"]
        with pytest.raises(gc.InvalidRequest) as caught:
            next(documents)

    assert (caught.value.index, caught.value.reason) == (2, "TEXT_ODD")
    assert str(caught.value) == "documents[2].text: refused"
    assert caught.value.field == caught.value.metadata["field"] == "documents[2].text"


def test_bad_documents_of_a_stream_may_be_returned(ask: Ask) -> None:
    outcomes = ask("extract_iter", ["a", "\udfff", "refuse TEXT_ODD", "b"], errors="return")

    assert [getattr(outcome, "reason", "") for outcome in outcomes] == ["", "TEXT_NOT_UNICODE", "TEXT_ODD", ""]


def test_a_stream_obeys_its_timeout(ask: Ask, service: Any) -> None:
    service.silent = True

    with pytest.raises(gc.DeadlineExceeded):
        ask("extract_iter", ["a"], timeout=0.2)


def test_an_endless_corpus_is_read_no_further_than_agreed(address: str) -> None:
    n_read = 0

    def corpus() -> Iterator[str]:
        nonlocal n_read
        while True:
            n_read += 1
            yield "« a »"

    with gc.Client(address) as client:
        documents = client.extract_iter(corpus(), max_in_flight=5)
        for n_yielded in range(1, 21):
            next(documents)
            assert n_read <= n_yielded + 5
        documents.close()


async def test_an_endless_asynchronous_corpus(address: str) -> None:
    async def corpus() -> AsyncIterator[str]:
        while True:
            yield "« a »"

    async with gc.AsyncClient(address) as client:
        documents = client.extract_iter(corpus(), max_in_flight=5)
        assert [(await anext(documents)).id for _ in range(3)] == ["0", "1", "2"]
        await documents.aclose()


def test_an_answer_does_not_wait_until_all_texts_that_may_be_in_flight_are_read(address: str) -> None:
    n_texts, n_read = 200_000, 0

    def corpus() -> Iterator[str]:
        nonlocal n_read
        while n_read < n_texts:
            n_read += 1
            yield "a"

    with gc.Client(address) as client:
        documents = client.extract_iter(corpus(), max_in_flight=n_texts)
        assert next(documents).id == "0"
        documents.close()

    assert n_read < n_texts


async def test_an_asynchronous_answer_waits_for_no_text(address: str) -> None:
    answered = asyncio.Event()

    async def corpus() -> AsyncIterator[str]:
        yield "a"
        await answered.wait()
        yield "b"

    async with asyncio.timeout(60), gc.AsyncClient(address) as client:
        documents = client.extract_iter(corpus())
        assert (await anext(documents)).text == "a"
        answered.set()
        assert [document.text async for document in documents] == ["b"]


async def test_closing_an_asynchronous_stream_ends_its_corpus(address: str) -> None:
    ended = asyncio.Event()

    async def corpus() -> AsyncIterator[str]:
        try:
            yield "a"
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with asyncio.timeout(60), gc.AsyncClient(address) as client:
        async with aclosing(client.extract_iter(corpus())) as documents:
            await anext(documents)
        assert ended.is_set()


def test_after_a_failure_no_text_is_read_before_an_answer() -> None:
    flow = Flow(
        pb.ExtractOptions(), ordered=True, max_in_flight=4, max_message_bytes=10**6, errors="raise", patience_seconds=10.0
    )
    flow.add("a")
    assert flow.has_room

    flow.reopen_after_seconds(gc.Unavailable("down"), now=100.0, end=None)

    # A slow source would use up the patience that is for the server.
    assert not flow.has_room
    flow.receive(answer_to("0"))
    assert flow.has_room


def test_dropping_a_stream_ends_its_work_on_the_server(address: str, service: Any) -> None:
    with gc.Client(address) as client:
        documents = client.extract_iter(iter(lambda: "a", None), max_in_flight=2)
        next(documents)
        del documents

        # The corpus is endless: nothing else would end the stream.
        assert service.stream_ended.wait(timeout=30)


async def test_closing_an_asynchronous_stream_ends_its_work_on_the_server(address: str, service: Any) -> None:
    async with gc.AsyncClient(address) as client:
        async with aclosing(client.extract_iter(iter(lambda: "a", None), max_in_flight=2)) as documents:
            await anext(documents)

        assert await asyncio.to_thread(service.stream_ended.wait, timeout=30)


def test_an_error_of_the_corpus_is_the_callers_own(ask: Ask) -> None:
    def corpus() -> Iterator[str]:
        yield "a"
        raise LookupError("row 2")

    with pytest.raises(LookupError, match="row 2"):
        ask("extract_iter", corpus())


@pytest.mark.parametrize("options", [{"max_in_flight": 0}, {"errors": "ignore"}, {"patience": -1}])
def test_options_without_a_meaning_are_refused_at_once(address: str, options: dict[str, Any]) -> None:
    with gc.Client(address) as client, pytest.raises(ValueError, match="must be"):
        client.extract_iter(["a"], **options)
