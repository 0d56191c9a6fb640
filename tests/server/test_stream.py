import queue
from collections.abc import Iterator
from typing import TYPE_CHECKING

import grpc
import pytest

from guillemet.v1 import quotation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Details, Refused, Serve, Served

    Refusing = Callable[[Callable[[], object]], Refused]

WAIT = 30.0


def document(id: str, text: str = "« Oui »") -> pb.StreamExtractQuotationsRequest:
    return pb.StreamExtractQuotationsRequest(document=pb.Document(id=id, text=text))


def options(**values: object) -> pb.StreamExtractQuotationsRequest:
    return pb.StreamExtractQuotationsRequest(options=pb.ExtractOptions(**values))


class Requests:
    """Requests that a test sends when it wants; knows how many gRPC has taken."""

    def __init__(self) -> None:
        self._queue: queue.Queue[pb.StreamExtractQuotationsRequest | None] = queue.Queue()

    def send(self, *requests: pb.StreamExtractQuotationsRequest) -> None:
        """Let the stream have them."""
        for request in requests:
            self._queue.put(request)

    def end(self) -> None:
        """Half-close."""
        self._queue.put(None)

    def __iter__(self) -> Iterator[pb.StreamExtractQuotationsRequest]:
        return iter(self._queue.get, None)


def test_every_document_of_a_stream_is_answered_once_under_its_id(serve: "Serve") -> None:
    served = serve(max_stream_documents=3)
    ids = [f"d{number}" for number in range(50)]

    responses = list(served.quotations.StreamExtractQuotations(map(document, ids), timeout=WAIT))

    assert sorted(response.document_id for response in responses) == sorted(ids)
    assert all(response.result.document_id == response.document_id for response in responses)
    assert all(len(response.result.quotations) == 1 for response in responses)


def test_an_empty_stream_ends_well(served: "Served") -> None:
    assert list(served.quotations.StreamExtractQuotations(iter(()), timeout=WAIT)) == []


def test_options_come_first_and_hold_for_all(served: "Served") -> None:
    requests = [options(offset_encoding=pb.OFFSET_ENCODING_UTF8), document("a"), document("b")]

    responses = list(served.quotations.StreamExtractQuotations(iter(requests), timeout=WAIT))

    assert {response.result.quotations[0].spans[0].end_offset for response in responses} == {9}


@pytest.mark.parametrize(
    "requests",
    [[document("a"), options()], [options(), options()], [options(min_probability=2.0), document("a")]],
    ids=["late", "twice", "bad"],
)
def test_bad_options_end_the_stream(
    served: "Served", refused: "Refusing", requests: list[pb.StreamExtractQuotationsRequest]
) -> None:
    refusal = refused(lambda: list(served.quotations.StreamExtractQuotations(iter(requests), timeout=WAIT)))

    assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "OPTION_INVALID")
    assert served.lives_on()


def test_bad_documents_fail_alone(served: "Served", unpacked: "type[Details]") -> None:
    requests = [
        document("empty", ""),
        document(""),
        pb.StreamExtractQuotationsRequest(),
        document("poison", "poison"),
        document("good"),
    ]

    responses = list(served.quotations.StreamExtractQuotations(iter(requests), timeout=WAIT))

    reasons = sorted(
        (response.document_id, unpacked(response.error).reason) for response in responses if response.HasField("error")
    )
    assert reasons == [
        ("", "DOCUMENT_ID_MISSING"),
        ("", "DOCUMENT_ID_MISSING"),
        ("empty", "TEXT_EMPTY"),
        ("poison", "INTERNAL"),
    ]
    assert [response.document_id for response in responses if response.HasField("result")] == ["good"]
    assert served.lives_on()


def test_an_id_that_is_too_long_is_refused_by_its_beginning_and_the_stream_goes_on(
    serve: "Serve", unpacked: "type[Details]"
) -> None:
    served = serve(max_document_characters=100, max_request_bytes=4_000)
    requests = [document("é" * 1_900), document("good")]

    refused, read = list(served.quotations.StreamExtractQuotations(iter(requests), timeout=WAIT))

    assert (refused.document_id, unpacked(refused.error).reason) == ("é" * 256, "DOCUMENT_ID_TOO_LONG")
    assert (read.document_id, read.HasField("result")) == ("good", True)


def test_an_id_may_come_again_once_it_is_answered_but_not_before(served: "Served", unpacked: "type[Details]") -> None:
    requests = Requests()
    served.reader.hold()
    responses = served.quotations.StreamExtractQuotations(iter(requests), timeout=WAIT)

    requests.send(document("a"), document("a"))
    duplicate = next(responses)
    served.reader.release()
    first = next(responses)
    requests.send(document("a"))
    again = next(responses)
    requests.end()

    assert unpacked(duplicate.error).reason == "DOCUMENT_ID_DUPLICATE"
    assert first.HasField("result")
    assert again.HasField("result")
    assert list(responses) == []


def test_a_cancelled_stream_frees_its_place_and_interrupts_its_inference(serve: "Serve") -> None:
    served = serve(max_queue_tokens=60, max_batch_tokens=20)
    requests = Requests()
    served.reader.hold()
    responses = served.quotations.StreamExtractQuotations(iter(requests), timeout=WAIT)
    requests.send(document("a", "x " * 20))
    served.reader.wait_until_begun()
    requests.send(document("b", "x " * 50))

    responses.cancel()
    requests.end()

    # Its inference ends only when nobody waits for it any more; the reader is still held.
    served.wait_until_interrupted()
    served.reader.release()
    assert served.extract("x " * 50).stats.tokens == 50
    assert served.lives_on()
