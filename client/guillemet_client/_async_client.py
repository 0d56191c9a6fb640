# ruff: noqa: ASYNC109 (a timeout goes to the server, as its deadline; asyncio.timeout stays here)
"""The client for asyncio; its twin in `_client` waits, and differs in nothing else."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from types import TracebackType
from typing import Any, Literal, Self, cast, overload

import grpc
import grpc.aio

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_client._async_requests import PAUSE_SECONDS, Requests, Upcoming, each, first_of, until_none
from guillemet_client._base import BaseClient, Metadata, checked_seconds
from guillemet_client._errors import STATUS_LOST, GuillemetError, ended_too_early
from guillemet_client._flow import DEFAULT_PATIENCE_SECONDS, Flow
from guillemet_client._messages import from_model, from_result
from guillemet_client._requests import Batch, OnError, Outcome, check_many, to_request
from guillemet_client._types import Document, Model


class AsyncClient(BaseClient):
    """As `Client`, for one event loop: close it, or use it in an ``async with``.

    >>> import asyncio
    >>> async def main():
    ...     async with AsyncClient("localhost:50051") as client:
    ...         return await client.extract("« Oui », a dit Jeanne Morvan.")
    >>> asyncio.run(main()).quotations[0].text
    '« Oui »'
    """

    def _connect(self) -> None:
        self._closed = asyncio.Event()  # wakes who waits for a server to come back

    @cached_property
    def _channel(self) -> grpc.aio.Channel:
        # Belongs to the loop that runs when it is made, so not to the constructor.
        if self._credentials is None:
            return grpc.aio.insecure_channel(self._target, self._channel_options)
        return grpc.aio.secure_channel(self._target, self._credentials, self._channel_options)

    # The names of asynchronous stubs exist for type checkers only.
    @cached_property
    def _quotations(self) -> "pb_grpc.QuotationServiceAsyncStub":
        return pb_grpc.QuotationServiceStub(self._channel)

    @cached_property
    def _models(self) -> "pb_grpc.ModelServiceAsyncStub":
        return pb_grpc.ModelServiceStub(self._channel)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with super()._errors():
                yield
        except asyncio.CancelledError:
            # grpc.aio says the same of a closed channel as of a task that somebody cancelled.
            task = asyncio.current_task()
            if task is None or not task.cancelling():
                self._check_open()
            raise

    async def extract(
        self,
        text: str,
        *,
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> Document:
        """Return the quotations of `text`.

        Args:
            text: Sent as it is; the offsets of the answer index it.
            timeout: Seconds, instead of the client's.
            min_probability: Instead of the client's.
            metadata: Headers for the server and what stands before it.

        Raises:
            GuillemetError: One of its leaves says what was wrong.
        """
        request = to_request(text, self._options(min_probability), max_message_bytes=self._max_message_bytes)
        with self._errors():
            response = await self._quotations.ExtractQuotations(
                request, timeout=self._seconds(timeout), metadata=self._headers(metadata)
            )
        return from_result(response.result, text)

    @overload
    async def extract_batch(
        self,
        texts: Iterable[str],
        *,
        errors: Literal["raise"] = "raise",
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> list[Document]: ...
    @overload
    async def extract_batch(
        self,
        texts: Iterable[str],
        *,
        errors: Literal["return"],
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> list[Document | GuillemetError]: ...
    async def extract_batch(
        self,
        texts: Iterable[str],
        *,
        errors: OnError = "raise",
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> list[Document] | list[Document | GuillemetError]:
        """As `Client.extract_batch`."""
        check_many(texts, errors)
        options = self._options(min_probability)
        texts = list(texts)
        if not texts:
            return []
        limits = await self.get_model(timeout=timeout, metadata=metadata)
        batch = Batch(texts, options, limits, max_message_bytes=self._max_message_bytes, errors=errors)
        for request in batch.requests():
            with self._errors():
                response = await self._quotations.BatchExtractQuotations(
                    request, timeout=self._seconds(timeout), metadata=self._headers(metadata)
                )
            batch.receive(request, response)
        return batch.outcomes()

    @overload
    def extract_iter(
        self,
        texts: Iterable[str] | AsyncIterable[str],
        *,
        errors: Literal["raise"] = "raise",
        ordered: bool = True,
        max_in_flight: int = 32,
        patience: float = DEFAULT_PATIENCE_SECONDS,
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> AsyncGenerator[Document]: ...
    @overload
    def extract_iter(
        self,
        texts: Iterable[str] | AsyncIterable[str],
        *,
        errors: Literal["return"],
        ordered: bool = True,
        max_in_flight: int = 32,
        patience: float = DEFAULT_PATIENCE_SECONDS,
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> AsyncGenerator[Document | GuillemetError]: ...
    def extract_iter(
        self,
        texts: Iterable[str] | AsyncIterable[str],
        *,
        errors: OnError = "raise",
        ordered: bool = True,
        max_in_flight: int = 32,
        patience: float = DEFAULT_PATIENCE_SECONDS,
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> AsyncGenerator[Document] | AsyncGenerator[Document | GuillemetError]:
        """Yield the quotations of each text of a corpus, however long, over one stream.

        A stream that breaks is opened again for what was not answered. Closing the generator (``contextlib.aclosing``) ends the
        work on the server; a dropped one is closed by its event loop.

        Args:
            texts: Read as answers come, at most `max_in_flight` ahead of what was yielded. Each is awaited in a task of its
                own, so that no answer waits for it.
            errors: What becomes of the error of one text: "raise" it when its turn comes, or "return" it in the place of the
                document; its `index` is the text's position.
            ordered: Whether to yield in the order of the texts; otherwise as they finish, to be told apart by their `id`.
            max_in_flight: At least 1. More than the server's ``max_stream_documents`` gains nothing.
            patience: Seconds for which failing calls are repeated before the failure is raised; an answer begins them anew.
            timeout: Seconds for the whole corpus; None: no limit, whatever the client's is.
            min_probability: Instead of the client's.
            metadata: Headers for the server and what stands before it.

        Raises:
            GuillemetError: The stream failed for good; or one text.
        """
        check_many(texts, errors)
        flow = Flow(
            self._options(min_probability),
            ordered=ordered,
            max_in_flight=max_in_flight,
            max_message_bytes=self._max_message_bytes,
            errors=errors,
            patience_seconds=patience,
        )
        return cast("AsyncGenerator[Document]", self._stream(each(texts), flow, checked_seconds(timeout), metadata))

    async def _stream(
        self, texts: AsyncIterator[str], flow: Flow, timeout: float | None, metadata: Metadata | None
    ) -> AsyncGenerator[Outcome]:
        end = None if timeout is None else time.monotonic() + timeout
        pause_seconds = 0.0
        text = Upcoming(lambda: _next(texts))
        try:
            while True:
                self._check_open()
                # Written by gRPC in a task of its own: awaiting each write here could wait for a server that waits to be read.
                requests = Requests()
                for request in flow.opening():
                    requests.put_nowait(request)
                if flow.has_ended:
                    requests.put_nowait(None)
                seconds = None if end is None else max(0.0, end - time.monotonic())
                call = self._quotations.StreamExtractQuotations(
                    until_none(requests, pause_seconds), timeout=seconds, metadata=self._headers(metadata)
                )
                answer = Upcoming(call.read)
                failure: GuillemetError | None = None
                try:
                    while failure is None:
                        if (outcome := flow.pop()) is not None:
                            yield outcome
                        elif flow.in_work or flow.has_room:
                            # A slow source keeps no answer waiting, nor a slow server a text.
                            due = [answer] if flow.in_work else []
                            await first_of([*due, text] if flow.has_room else due)
                            if flow.in_work and answer.is_there:
                                failure = self._receive(answer, flow)
                            else:
                                _read(text, flow, requests)
                        elif flow.is_empty:
                            with suppress(grpc.RpcError):  # every answer is there: how the stream ends changes nothing
                                await call.read()
                            return
                        else:
                            break  # the server refused all that is left, for now
                finally:
                    call.cancel()  # first: a stream that merely ends would be answered to its end
                    requests.put_nowait(None)
                    await answer.end()
                pause = flow.reopen_after_seconds(failure, now=time.monotonic(), end=end)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._closed.wait()
                pause_seconds = PAUSE_SECONDS if failure is not None and failure.reason == STATUS_LOST else 0.0
        finally:
            await text.end()

    def _receive(self, answer: Upcoming[Any], flow: Flow) -> GuillemetError | None:
        """Take an answer; return what ended the call, if anything did."""
        try:
            with self._errors():
                response = answer.take()
        except GuillemetError as error:
            return error
        if not isinstance(response, pb.StreamExtractQuotationsResponse):
            return ended_too_early()
        flow.receive(response)
        return None

    async def get_model(self, *, timeout: float | None = None, metadata: Metadata | None = None) -> Model:
        """As `Client.get_model`."""
        with self._errors():
            response = await self._models.GetModel(
                pb.GetModelRequest(name=self._model or ""), timeout=self._seconds(timeout), metadata=self._headers(metadata)
            )
        return from_model(response.model)

    async def close(self) -> None:
        """Close the connection; what is under way ends."""
        self._is_closed = True
        self._closed.set()
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


async def _next(texts: AsyncIterator[str]) -> str:
    return await anext(texts)


def _read(text: Upcoming[str], flow: Flow, requests: Requests) -> None:
    try:
        taken = text.take()
    except StopAsyncIteration:
        flow.has_ended = True
        requests.put_nowait(None)
    else:
        if (request := flow.add(taken)) is not None:
            requests.put_nowait(request)
