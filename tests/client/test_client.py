"""Both clients, against a real server: each test runs once with `Client` and once with `AsyncClient`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import guillemet_client as gc
from guillemet.v1 import quotation_pb2 as pb

TEXT = "Jeanne Morvan l’a dit 🎤 : « Non. »\r\nPuis : « Oui\u00a0! »"
NewStatus = Callable[..., status_pb2.Status]
Ask = Callable[..., Any]


def _ask(method: str, *arguments: Any, address: str, client: dict[str, Any] | None = None, **options: Any) -> Any:
    with gc.Client(address, **(client or {})) as asked:
        answer = getattr(asked, method)(*arguments, **options)
        return list(answer) if method == "extract_iter" else answer


def _ask_async(method: str, *arguments: Any, address: str, client: dict[str, Any] | None = None, **options: Any) -> Any:
    async def ask() -> Any:
        async with gc.AsyncClient(address, **(client or {})) as asked:
            answer = getattr(asked, method)(*arguments, **options)
            return [outcome async for outcome in answer] if method == "extract_iter" else await answer

    return asyncio.run(ask())


@pytest.fixture(params=[_ask, _ask_async], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest, address: str) -> Ask:
    """Call a method of a fresh client."""
    return lambda *arguments, **options: request.param(*arguments, address=address, **options)


# One text


def test_a_document_holds_the_words_of_its_quotations(ask: Ask) -> None:
    document = ask("extract", TEXT)

    first, second = document.quotations
    assert (first.text, second.text) == ("« Non. »", "« Oui\u00a0! »")
    assert first.spans[0].of(TEXT) == first.text
    assert first.speaker is document.entities[0]
    assert (first.speaker.name, first.speaker.role, first.source_text) == ("Jeanne Morvan", None, "Jeanne Morvan")
    assert (document.id, document.model, document.text) == ("0", "canned", TEXT)


def test_the_server_is_asked_for_code_points_and_no_words(ask: Ask, service: Any) -> None:
    ask("extract", TEXT, client={"model": "canned"}, min_probability=0.25)

    options = service.requests[0].options
    assert (options.offset_encoding, options.omit_text) == (pb.OFFSET_ENCODING_UTF32, True)
    assert (options.model, options.min_probability) == ("canned", 0.25)


def test_the_models_own_thresholds_are_the_default(ask: Ask, service: Any) -> None:
    ask("extract", TEXT)

    assert not service.requests[0].options.HasField("min_probability")


def test_the_one_format(ask: Ask) -> None:
    assert ask("extract", "Jeanne Morvan : « A »").to_json() == {
        "id": "0",
        "text": "Jeanne Morvan : « A »",
        "entities": [
            {
                "id": "e1",
                "kind": "person",
                "name": "Jeanne Morvan",
                "role": None,
                "institution": None,
                "mentions": [[0, 13]],
                "probability": 0.9,
                "institution_probability": 0.0,
            }
        ],
        "quotations": [
            {
                "id": "q1",
                "type": "direct",
                "spans": [[16, 21]],
                "cue": None,
                "source": [0, 13],
                "speaker": "e1",
                "probability": 0.8765,
                "source_probability": 0.0,
                "speaker_probability": 0.0,
            }
        ],
    }


# What moves offsets in other encodings, and what a careless reader rewrites.
PIECES = st.sampled_from(["🎤", "👩‍🚀", "e\u0301", "é", "\r\n", "\u00a0", "\u202f", "\ufeff", "’", "« ", " »", "a", " ", "𝒳"])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.tuples(PIECES, PIECES, PIECES), min_size=1, max_size=12))
def test_offsets_index_the_text_as_it_was_given(pieces: list[tuple[str, str, str]], shared: gc.Client) -> None:
    text = "«x»".join("".join(piece) for piece in pieces) + "«x»"

    document = shared.extract(text)

    assert document.text == text
    assert document.quotations
    for quotation in document.quotations:
        assert quotation.text == quotation.spans[0].of(text)
        assert quotation.text.startswith("«")
        assert quotation.text.endswith("»")


@pytest.fixture
def shared(address: str) -> Iterator[gc.Client]:
    """One client for many questions."""
    with gc.Client(address) as client:
        yield client


# Errors of one request


def test_a_refusal_keeps_its_details(ask: Ask) -> None:
    with pytest.raises(gc.InvalidRequest) as caught:
        ask("extract", "refuse TEXT_ODD")

    assert (caught.value.reason, caught.value.field, caught.value.code) == ("TEXT_ODD", "document.text", "INVALID_ARGUMENT")
    assert caught.value.index is None


def test_a_lone_surrogate_is_refused_before_it_is_sent(ask: Ask, service: Any) -> None:
    with pytest.raises(gc.InvalidRequest, match=r"U\+D83D, at character 3") as caught:
        ask("extract", "abc\ud83d")

    assert caught.value.metadata == {"position": "3"}
    assert service.requests == []


def test_what_is_no_text_is_a_type_error(ask: Ask) -> None:
    with pytest.raises(TypeError):
        ask("extract", b"abc")


def test_a_message_too_large_is_refused_before_it_is_sent(ask: Ask, service: Any) -> None:
    with pytest.raises(gc.InvalidRequest, match="at most 4,096 are sent") as caught:
        ask("extract", "é" * 3000, client={"max_message_bytes": 4096})

    assert caught.value.reason == "MESSAGE_TOO_LARGE"
    assert service.requests == []


def test_an_unavailable_server_is_asked_again(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.failures.append(new_status(grpc.StatusCode.UNAVAILABLE, "MODEL_LOADING"))

    assert len(ask("extract", TEXT).quotations) == 2
    assert len(service.requests) == 2


def test_a_large_request_is_repeated_too(ask: Ask, service: Any, new_status: NewStatus) -> None:
    # gRPC buffers 256 KiB for repetitions, unless it is told otherwise.
    service.failures.append(new_status(grpc.StatusCode.UNAVAILABLE, "MODEL_LOADING"))

    assert ask("extract", "é" * 300_000).quotations == ()


def test_an_overloaded_server_is_asked_again_when_it_says(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.failures.append(new_status(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=0.01))

    assert len(ask("extract", TEXT).quotations) == 2


def test_a_lasting_overload_is_said(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.failures.extend([new_status(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=0.01)] * 9)

    with pytest.raises(gc.Overloaded) as caught:
        ask("extract", TEXT)

    assert caught.value.retry_after_seconds == 0.01


def test_a_passed_deadline_is_not_repeated(ask: Ask, service: Any) -> None:
    service.silent = True

    with pytest.raises(gc.DeadlineExceeded):
        ask("extract", TEXT, timeout=0.2)

    assert len(service.requests) == 1


@pytest.mark.parametrize("asked", [_ask, _ask_async])
def test_a_server_that_is_not_there_is_named(asked: Ask) -> None:
    # Nothing can listen on a path that cannot exist.
    with pytest.raises(gc.Unavailable, match=r"the server at unix:/nowhere/x\.sock cannot be reached"):
        asked("extract", TEXT, address="unix:/nowhere/x.sock")


@pytest.mark.parametrize("address", ["", "localhost", "localhost:http", "localhost:70000", ":50051"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        gc.Client(address)


# The model


def test_the_model_says_its_limits(ask: Ask) -> None:
    model = ask("get_model")

    assert (model.name, model.version, model.max_batch_documents, model.language_codes) == ("canned", "1.2.3", 3, ("fr",))


def test_an_unknown_model(ask: Ask) -> None:
    with pytest.raises(gc.ModelUnknown):
        ask("get_model", client={"model": "other"})


# Batches


def test_a_batch_is_cut_by_the_servers_number_of_documents(ask: Ask, service: Any) -> None:
    texts = [f"« {number} »" for number in range(7)]

    documents = ask("extract_batch", iter(texts))

    assert [document.quotations[0].text for document in documents] == texts
    assert [document.id for document in documents] == list("0123456")
    assert [len(request.documents) for request in service.requests] == [3, 3, 1]


def test_a_batch_is_cut_by_the_servers_bytes(ask: Ask, service: Any) -> None:
    service.model.max_request_bytes = 100

    ask("extract_batch", ["é" * 30] * 3)

    assert [len(request.documents) for request in service.requests] == [1, 1, 1]
    assert all(request.ByteSize() <= 100 for request in service.requests)


def test_a_batch_is_cut_by_what_the_queue_can_hold(ask: Ask, service: Any) -> None:
    service.model.max_queue_tokens = 25

    ask("extract_batch", ["a" * 10] * 3)

    assert [len(request.documents) for request in service.requests] == [2, 1]


def test_an_empty_batch_asks_nothing(ask: Ask, service: Any) -> None:
    assert ask("extract_batch", []) == []
    assert service.requests == []


def test_a_bad_text_of_a_batch_is_raised_with_its_position(ask: Ask) -> None:
    with pytest.raises(gc.InvalidRequest) as caught:
        ask("extract_batch", ["a", "b", "c", "d", "refuse TEXT_ODD"])

    assert (caught.value.index, caught.value.field) == (4, "documents[4].text")


def test_a_bad_text_of_a_batch_may_be_returned_in_its_place(ask: Ask, service: Any) -> None:
    service.model.max_request_bytes = 200

    outcomes = ask("extract_batch", ["« a »", "\ud800", "refuse TEXT_ODD", "é" * 200, "« b »"], errors="return")

    reasons = [outcome.reason if isinstance(outcome, gc.GuillemetError) else outcome.quotations[0].text for outcome in outcomes]
    assert reasons == ["« a »", "TEXT_NOT_UNICODE", "TEXT_ODD", "MESSAGE_TOO_LARGE", "« b »"]


def test_a_failure_of_a_whole_batch_is_raised_in_any_case(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.failures.append(new_status(grpc.StatusCode.INTERNAL, "INTERNAL", request_id="r7"))

    with pytest.raises(gc.ServerFault) as caught:
        ask("extract_batch", ["a"], errors="return")

    assert caught.value.request_id == "r7"


@pytest.mark.parametrize("method", ["extract_batch", "extract_iter"])
def test_one_text_is_not_taken_for_many(ask: Ask, method: str) -> None:
    with pytest.raises(TypeError, match="one text"):
        ask(method, "abc")


# Streams


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


def test_a_stream_that_never_answers_is_given_up(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.failures.extend([new_status(grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", retry_seconds=0.001)] * 20)

    with pytest.raises(gc.Unavailable):
        ask("extract_iter", ["a"], errors="return")

    assert len(service.streams) == 6


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


def test_documents_refused_again_and_again_are_errors(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.refuse_in_stream.extend([new_status(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=0.001)] * 6)

    [error] = ask("extract_iter", ["a"], errors="return")

    assert isinstance(error, gc.Overloaded)
    assert error.index == 0


def test_a_bad_document_of_a_stream_is_raised_when_its_turn_comes(address: str) -> None:
    with gc.Client(address) as client:
        documents = client.extract_iter(["a", "b", "refuse TEXT_ODD", "c"])

        assert [next(documents).text, next(documents).text] == ["a", "b"]
        with pytest.raises(gc.InvalidRequest) as caught:
            next(documents)

    assert (caught.value.index, caught.value.reason) == (2, "TEXT_ODD")


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


@pytest.mark.parametrize("options", [{"max_in_flight": 0}, {"errors": "ignore"}])
def test_options_without_a_meaning_are_refused_at_once(address: str, options: dict[str, Any]) -> None:
    with gc.Client(address) as client, pytest.raises(ValueError, match="must be"):
        client.extract_iter(["a"], **options)
