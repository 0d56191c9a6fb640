"""Both clients, against a real server: each test runs once with `Client` and once with `AsyncClient`."""

from collections.abc import Callable, Iterator
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

    assert str(caught.value).endswith(" are sent")  # a command line has no parameters to name
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
    service.pushback_ms = 10

    assert len(ask("extract", TEXT).quotations) == 2


def test_a_lasting_overload_is_said(ask: Ask, service: Any, new_status: NewStatus) -> None:
    service.failures.extend([new_status(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=0.01)] * 9)
    service.pushback_ms = 10

    with pytest.raises(gc.Overloaded) as caught:
        ask("extract", TEXT)

    assert caught.value.retry_after_seconds == 0.01


def test_a_passed_deadline_is_not_repeated(ask: Ask, service: Any) -> None:
    service.silent = True

    with pytest.raises(gc.DeadlineExceeded):
        ask("extract", TEXT, timeout=0.2)

    assert len(service.requests) == 1


def test_a_server_that_is_not_there_is_named(ask: Ask) -> None:
    # Nothing can listen on a path that cannot exist.
    with pytest.raises(gc.Unavailable, match=r"the server at unix:/nowhere/x\.sock cannot be reached"):
        ask("extract", TEXT, address="unix:/nowhere/x.sock")


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

    ask("extract_batch", ["a" * 40] * 3)

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
