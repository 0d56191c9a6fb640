"""The bookkeeping of one stream, without a socket: every step of the event loop is the test's own."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from guillemet.v1 import quotation_pb2 as pb
from guillemet_server.errors import Refusal
from guillemet_server.streaming import DocumentStream


async def settle() -> None:
    """Let the loop do all it can: nothing here waits for a clock or a socket."""
    for _ in range(100):
        await asyncio.sleep(0)


class Stream:
    """A stream whose answers and writes wait for the test."""

    def __init__(self, *, documents: int, max_in_work: int) -> None:
        self.read = 0
        self.written: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_write = asyncio.Event()
        self.draining = asyncio.Event()
        self.cancelled = 0
        self.has_room = True
        stream = DocumentStream(
            answer=self._answer,
            set_options=lambda _: None,
            has_room=lambda _: self.has_room,
            refused=Refusal.to_status,
            max_in_work=max_in_work,
            draining=self.draining,
        )
        self.rpc = asyncio.create_task(stream.run(self._requests(documents), self._write))

    async def _requests(self, count: int) -> AsyncIterator[pb.StreamExtractQuotationsRequest]:
        for number in range(count):
            self.read += 1
            yield pb.StreamExtractQuotationsRequest(document=pb.Document(id=str(number), text="x"))
        if count == 1:
            await asyncio.Event().wait()  # a caller that keeps the stream open

    async def _answer(self, document: pb.Document) -> pb.StreamExtractQuotationsResponse:
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return pb.StreamExtractQuotationsResponse(document_id=document.id)

    async def _write(self, response: pb.StreamExtractQuotationsResponse) -> None:
        await self.may_write.wait()
        self.written.append(response.document_id)


async def test_reading_stops_while_as_many_documents_as_agreed_are_in_work() -> None:
    stream = Stream(documents=10, max_in_work=3)
    await settle()
    in_work = stream.read
    stream.may_answer.set()
    stream.may_write.set()
    await stream.rpc

    assert in_work == 3
    assert sorted(stream.written) == sorted(map(str, range(10)))


async def test_reading_stops_while_the_caller_does_not_take_its_answers() -> None:
    stream = Stream(documents=10, max_in_work=3)
    stream.may_answer.set()
    await settle()
    in_work = stream.read
    stream.may_write.set()
    await stream.rpc

    assert in_work == 3
    assert len(stream.written) == 10


async def test_a_document_that_has_no_room_waits_while_others_of_its_stream_are_read() -> None:
    stream = Stream(documents=10, max_in_work=3)
    stream.has_room = False
    stream.may_write.set()
    await settle()
    read_without_room = stream.read
    stream.may_answer.set()
    await stream.rpc

    assert read_without_room == 2  # one in work, one that waits for it
    assert sorted(stream.written) == sorted(map(str, range(10)))


async def test_a_cancelled_stream_cancels_its_documents_and_says_so() -> None:
    stream = Stream(documents=10, max_in_work=3)
    await settle()
    stream.rpc.cancel()

    with pytest.raises(asyncio.CancelledError):
        await stream.rpc
    assert stream.cancelled == 3


async def test_a_draining_server_answers_what_it_read_and_ends_the_stream() -> None:
    stream = Stream(documents=1, max_in_work=3)
    await settle()
    stream.draining.set()
    await settle()
    stream.may_answer.set()
    stream.may_write.set()

    with pytest.raises(Refusal, match="shutting down"):
        await stream.rpc
    assert stream.written == ["0"]
