import gc
from collections.abc import Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING

import grpc
import pytest

from guillemet.v1 import quotation_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Details, Refused, Serve, Served

    Refusing = Callable[[Callable[[], object]], Refused]

WAIT = 30.0


def words(count: int) -> str:
    return " ".join(["mot"] * count)


@pytest.fixture
def full(serve: "Serve") -> "Served":
    """A server that reads 8 tokens, holds 9 in a queue of 10, and whose model makes a token in two seconds."""
    served = serve(max_queue_tokens=10, max_batch_tokens=10)
    served.reader.hold()
    served.extract_later(words(8))
    served.reader.wait_until_begun()
    served.extract_later(words(9))
    served.wait_until_queued(9)
    served.running.server.scheduler.admission.pace.record(tokens=100_000_000, seconds=200_000_000.0)
    return served


def test_a_full_queue_refuses_a_document_and_says_when_to_come_back(full: "Served", refused: "Refusing") -> None:
    refusal = refused(lambda: full.extract(words(2)))

    assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
    assert refusal.details.metadata == {"queued_tokens": "9", "limit": "10"}
    assert refusal.details.retry_seconds == pytest.approx(18.0, rel=0.01)
    assert int(refusal.trailers["grpc-retry-pushback-ms"]) == pytest.approx(18_000, rel=0.01)
    full.reader.release()
    full.wait_until_queued(0)
    assert full.lives_on()


def test_nothing_of_what_is_refused_waits_for_the_garbage_collector(full: "Served", refused: "Refusing") -> None:
    gc.collect()
    before = full.rpcs_in_memory
    gc.disable()
    try:
        for _ in range(20):
            refused(lambda: full.extract(words(2)))
            refused(lambda: full.extract(""))
        full.wait_until_in_memory(at_most=before + 1)  # gRPC keeps the last exception
    finally:
        gc.enable()


def test_a_full_queue_refuses_a_batch_as_a_whole(full: "Served", refused: "Refusing") -> None:
    request = pb.BatchExtractQuotationsRequest(documents=[pb.Document(text="mot")] * 2)

    refusal = refused(lambda: full.quotations.BatchExtractQuotations(request, timeout=WAIT))

    assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")


def test_a_full_queue_refuses_a_document_of_a_stream_and_the_stream_goes_on(full: "Served", unpacked: "type[Details]") -> None:
    def requests() -> Iterator[pb.StreamExtractQuotationsRequest]:
        yield pb.StreamExtractQuotationsRequest(document=pb.Document(id="refused", text=words(2)))
        first_answer.result(WAIT)
        full.reader.release()
        full.wait_until_queued(0)
        yield pb.StreamExtractQuotationsRequest(document=pb.Document(id="read", text=words(2)))

    first_answer: Future[None] = Future()
    responses = full.quotations.StreamExtractQuotations(requests(), timeout=WAIT)
    refused = next(responses)
    first_answer.set_result(None)
    read = next(responses)

    assert (refused.document_id, unpacked(refused.error).reason) == ("refused", "QUEUE_FULL")
    assert unpacked(refused.error).retry_seconds == pytest.approx(18.0, rel=0.01)
    assert (read.document_id, read.HasField("result")) == ("read", True)


def test_a_deadline_out_of_reach_is_refused_with_the_wait(full: "Served", refused: "Refusing") -> None:
    refusal = refused(lambda: full.extract("mot", timeout=10.0))

    assert (refusal.code, refusal.details.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "DEADLINE_UNREACHABLE")
    assert int(refusal.details.metadata["predicted_wait_ms"]) > 10_000
    full.reader.release()
    full.wait_until_queued(0)
    assert full.lives_on()


def test_a_deadline_that_passes_in_the_queue_frees_its_place(served: "Served") -> None:
    served.reader.hold()
    blocker = served.extract_later(words(3))
    served.reader.wait_until_begun()

    with pytest.raises(grpc.RpcError) as late:
        served.extract(words(5), timeout=0.1)

    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    served.wait_until_queued(0)
    served.reader.release()
    assert blocker.result().result.stats.tokens == 3
    assert served.lives_on()
    assert (words(5),) not in served.reader.batches


def test_a_deadline_that_passes_in_inference_interrupts_it(served: "Served") -> None:
    assert served.lives_on()
    served.reader.hold()
    late = served.extract_later(words(5), timeout=2.0)
    served.reader.wait_until_begun()

    assert late.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    served.wait_until_interrupted()
    served.reader.release()
    assert served.lives_on()


def test_a_cancelled_caller_leaves_the_queue(served: "Served") -> None:
    served.reader.hold()
    blocker = served.extract_later(words(3))
    served.reader.wait_until_begun()
    leaving = served.extract_later(words(5))
    served.wait_until_queued(5)

    leaving.cancel()

    served.wait_until_queued(0)
    served.reader.release()
    assert blocker.result()
    assert served.lives_on()
