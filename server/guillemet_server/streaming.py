"""One stream: documents in, answers out as they finish, never more than agreed in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass

from google.rpc import status_pb2

from guillemet.v1 import quotation_pb2 as pb
from guillemet_server import errors


@dataclass(frozen=True, slots=True)
class _Answered:
    """A response to send."""

    response: pb.StreamExtractQuotationsResponse
    frees_id: bool  # false for the second of two with one id: the first is still in work


@dataclass(frozen=True, slots=True)
class _Ended:
    """Nothing more is to be sent."""

    failure: Exception | None  # what the RPC ends with; None: its own end


class DocumentStream:
    """The documents of one RPC between their request and their answer.

    Args:
        answer: Reads one document, with the options of the stream; a refusal is an answer too.
        set_options: Called with the options if they come; raises a refusal if they are bad.
        refused: Makes a status of the refusal of one document.
        max_in_work: Documents whose answer is not yet sent; when there are as many, no request is read.
        draining: Set when the server stops: no request is read any more, what is in work is answered.
    """

    def __init__(
        self,
        *,
        answer: Callable[[pb.Document], Awaitable[pb.StreamExtractQuotationsResponse]],
        set_options: Callable[[pb.ExtractOptions], None],
        max_in_work: int,
        draining: asyncio.Event,
        refused: Callable[[errors.Refusal], status_pb2.Status] = errors.Refusal.to_status,
    ) -> None:
        self._answer = answer
        self._set_options = set_options
        self._refused = refused
        self._max_in_work = max_in_work
        self._draining = draining
        self._slots = asyncio.Semaphore(max_in_work)
        self._ids: set[str] = set()
        self._outbox: asyncio.Queue[_Answered | _Ended] = asyncio.Queue()  # bounded by the slots
        self._tasks: set[asyncio.Task[None]] = set()

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
                await write(entry.response)
                if entry.frees_id:
                    self._ids.discard(entry.response.document_id)
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
                request = await self._next(requests)
                if request is None:
                    break
                if request.HasField("options"):
                    self._take_options(request.options, first=first)
                    self._slots.release()
                else:
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

    async def _next(
        self, requests: AsyncIterator[pb.StreamExtractQuotationsRequest]
    ) -> pb.StreamExtractQuotationsRequest | None:
        """Return the next request; None behind the last one.

        Raises:
            Refusal: SHUTTING_DOWN.
        """
        upcoming = asyncio.ensure_future(_anext_or_none(requests))
        draining = asyncio.ensure_future(self._draining.wait())
        try:
            await asyncio.wait({upcoming, draining}, return_when=asyncio.FIRST_COMPLETED)
            if upcoming.done():
                return upcoming.result()
            raise errors.shutting_down()
        finally:
            upcoming.cancel()
            draining.cancel()

    def _take_options(self, options: pb.ExtractOptions, *, first: bool) -> None:
        if not first:
            raise errors.option_invalid("options", "the options may only be the first message of a stream")
        self._set_options(options)

    def _take_document(self, document: pb.Document) -> None:
        if not document.id:
            self._refuse(document, errors.document_id_missing("document.id"))
        elif document.id in self._ids:
            self._refuse(document, errors.document_id_duplicate("document.id"))
        else:
            self._ids.add(document.id)
            self._start(self._work(document))

    def _refuse(self, document: pb.Document, refusal: errors.Refusal) -> None:
        response = pb.StreamExtractQuotationsResponse(document_id=document.id, error=self._refused(refusal))
        self._outbox.put_nowait(_Answered(response, frees_id=False))

    async def _work(self, document: pb.Document) -> None:
        self._outbox.put_nowait(_Answered(await self._answer(document), frees_id=True))


async def _anext_or_none(
    requests: AsyncIterator[pb.StreamExtractQuotationsRequest],
) -> pb.StreamExtractQuotationsRequest | None:
    try:
        return await anext(requests)
    except StopAsyncIteration:
        return None
