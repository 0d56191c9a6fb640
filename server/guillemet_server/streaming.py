"""One stream: documents in, answers out as they finish, never more than agreed in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass

from google.rpc import status_pb2

from guillemet.v1 import quotation_pb2 as pb
from guillemet_server import errors
from guillemet_server.stopping import unless_stopping
from guillemet_server.validation import MAX_DOCUMENT_ID_CHARACTERS, check_id


@dataclass(frozen=True, slots=True)
class _Answered:
    """A response to send."""

    response: pb.StreamExtractQuotationsResponse
    frees_id: bool  # false for one that is refused for its id: another of that id may still be in work


@dataclass(frozen=True, slots=True)
class _Ended:
    """Nothing more is to be sent."""

    failure: Exception | None  # what the RPC ends with; None: its own end


class DocumentStream:
    """The documents of one RPC between their request and their answer.

    Args:
        answer: Reads one document, with the options of the stream; a refusal is an answer too.
        set_options: Called with the options if they come; raises a refusal if they are bad.
        has_room: Tells whether the server takes a document now; one that it does not waits for others of the stream to be read.
        refused: Makes a status of the refusal of one document.
        max_in_work: Documents whose answer is not yet sent; when there are as many, no request is read.
        draining: Set when the server stops: no request is read any more, what is in work is answered.
    """

    def __init__(
        self,
        *,
        answer: Callable[[pb.Document], Awaitable[pb.StreamExtractQuotationsResponse]],
        set_options: Callable[[pb.ExtractOptions], None],
        has_room: Callable[[pb.Document], bool],
        refused: Callable[[errors.Refusal], status_pb2.Status],
        max_in_work: int,
        draining: asyncio.Event,
    ) -> None:
        self._answer = answer
        self._set_options = set_options
        self._has_room = has_room
        self._refused = refused
        self._max_in_work = max_in_work
        self._draining = draining
        self._slots = asyncio.Semaphore(max_in_work)
        self._ids: set[str] = set()
        self._outbox: asyncio.Queue[_Answered | _Ended] = asyncio.Queue()  # bounded by the slots
        self._tasks: set[asyncio.Task[None]] = set()
        self._n_unread = 0  # documents whose answer is not yet known
        self._one_read = asyncio.Event()

    async def run(
        self,
        requests: AsyncIterator[pb.StreamExtractQuotationsRequest],
        write: Callable[[pb.StreamExtractQuotationsResponse], Awaitable[None]],
    ) -> None:
        """Answer the requests until they end.

        Raises:
            Refusal: Bad options, or SHUTTING_DOWN.
        """
        self._start(self._read(requests))
        try:
            while isinstance(entry := await self._outbox.get(), _Answered):
                if entry.frees_id:  # before the answer is out: who has it may send another of this id before `write` returns
                    self._ids.discard(entry.response.document_id)
                await write(entry.response)
                # Only now: a caller who does not read its answers is not read either.
                self._slots.release()
        finally:
            # The caller went away, or its options were bad: its documents leave the queue.
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if entry.failure is not None:
            raise entry.failure

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, requests: AsyncIterator[pb.StreamExtractQuotationsRequest]) -> None:
        failure: Exception | None = None
        first = True
        try:
            while True:
                await self._slots.acquire()
                request = await unless_stopping(_anext_or_none(requests), self._draining)
                if request is None:
                    break
                if request.HasField("options"):
                    self._take_options(request.options, first=first)
                    self._slots.release()
                else:
                    while self._n_unread and not self._has_room(request.document):
                        self._one_read.clear()
                        await self._one_read.wait()
                    self._take_document(request.document)
                first = False
        except errors.Refusal as refusal:
            failure = refusal
            if refusal.reason != "SHUTTING_DOWN":  # bad options: at once
                self._outbox.put_nowait(_Ended(failure))
                return
        except Exception as error:  # noqa: BLE001 (reported where RPCs end)
            self._outbox.put_nowait(_Ended(error))
            return
        # One slot is held by this reader; the others come back with the last answers.
        for _ in range(self._max_in_work - 1):
            await self._slots.acquire()
        self._outbox.put_nowait(_Ended(failure))

    def _take_options(self, options: pb.ExtractOptions, *, first: bool) -> None:
        if not first:
            raise errors.option_invalid("options", "the options may only be the first message of a stream")
        self._set_options(options)

    def _take_document(self, document: pb.Document) -> None:
        try:
            if not document.id:
                raise errors.document_id_missing("document.id")
            check_id(document, field="document")
            if document.id in self._ids:
                raise errors.document_id_duplicate("document.id")
        except errors.Refusal as refusal:
            echo = document.id[:MAX_DOCUMENT_ID_CHARACTERS]
            response = pb.StreamExtractQuotationsResponse(document_id=echo, error=self._refused(refusal))
            self._outbox.put_nowait(_Answered(response, frees_id=False))
        else:
            self._ids.add(document.id)
            self._n_unread += 1
            self._start(self._work(document))

    async def _work(self, document: pb.Document) -> None:
        try:
            response = await self._answer(document)
        finally:
            self._n_unread -= 1
            self._one_read.set()
        self._outbox.put_nowait(_Answered(response, frees_id=True))


async def _anext_or_none(
    requests: AsyncIterator[pb.StreamExtractQuotationsRequest],
) -> pb.StreamExtractQuotationsRequest | None:
    try:
        return await anext(requests)
    except StopAsyncIteration:
        return None
