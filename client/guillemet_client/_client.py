"""The client that waits; its twin in `_async_client` awaits, and differs in nothing else."""

import queue
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from types import TracebackType
from typing import Literal, Self, TypeAlias, cast, overload

import grpc

from guillemet.v1 import quotation_pb2 as pb
from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_client._base import BaseClient, Metadata, checked_seconds
from guillemet_client._errors import GuillemetError, ended_too_early
from guillemet_client._flow import DEFAULT_PATIENCE_SECONDS, Flow
from guillemet_client._messages import from_model, from_result
from guillemet_client._requests import Batch, OnError, Outcome, check_many, to_request
from guillemet_client._types import Document, Model

_Requests: TypeAlias = queue.SimpleQueue[pb.StreamExtractQuotationsRequest | None]  # None: no more
_Answers: TypeAlias = queue.SimpleQueue[pb.StreamExtractQuotationsResponse | grpc.RpcError | None]  # the last two: it has ended


class Client(BaseClient):
    """Asks a server for the quotations of texts. Close it, or use it in a ``with``.

    Threads may share one; processes may not, for gRPC does not survive a fork: let ``multiprocessing`` "spawn" them, and make a
    client in each. Unary and batch requests are repeated, within their timeout, while the server is unavailable or overloaded.

    >>> with Client("localhost:50051") as client:
    ...     [quotation.text for quotation in client.extract("« Oui », a dit Jeanne Morvan.").quotations]
    ['« Oui »']

    Args:
        address: "HOST:PORT" (a name that stands for several servers uses them in turn), "unix:PATH" or another gRPC name.
        timeout: Seconds for a request with its repetitions; None: no limit. Methods may override it.
        model: Name of a served model; None: the server's default.
        min_probability: From 0 to 1; what is less probable is left out. None: the model's own thresholds.
        max_message_bytes: Of one message, either way.
        tls: How to encrypt; None: not at all.
        token: That says who asks.

    Raises:
        ValueError: The address is none, an option makes no sense, or the token would leave this machine unencrypted.
        TypeError: The address, `tls` or `token` is of another type.
    """

    def _connect(self) -> None:
        self._closed = threading.Event()  # wakes who waits for a server to come back
        self._channel = (
            grpc.insecure_channel(self._target, self._channel_options)
            if self._credentials is None
            else grpc.secure_channel(self._target, self._credentials, self._channel_options)
        )
        self._quotations = pb_grpc.QuotationServiceStub(self._channel)
        self._models = pb_grpc.ModelServiceStub(self._channel)

    def extract(
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
            response = self._quotations.ExtractQuotations(
                request, timeout=self._seconds(timeout), metadata=self._headers(metadata)
            )
        return from_result(response.result, text)

    @overload
    def extract_batch(
        self,
        texts: Iterable[str],
        *,
        errors: Literal["raise"] = "raise",
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> list[Document]: ...
    @overload
    def extract_batch(
        self,
        texts: Iterable[str],
        *,
        errors: Literal["return"],
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> list[Document | GuillemetError]: ...
    def extract_batch(
        self,
        texts: Iterable[str],
        *,
        errors: OnError = "raise",
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> list[Document] | list[Document | GuillemetError]:
        """Return the quotations of each text, in order, in as few requests as the server's limits allow.

        >>> with Client("localhost:50051") as client:
        ...     outcomes = client.extract_batch(["« Oui », a dit Jeanne Morvan.", ""], errors="return")
        >>> [outcome.reason if isinstance(outcome, GuillemetError) else outcome.id for outcome in outcomes]
        ['0', 'TEXT_EMPTY']

        Args:
            texts: All in memory; for a corpus see `extract_iter`.
            errors: What becomes of the error of one text: "raise" it, or "return" it in the place of the document.
            timeout: Seconds for each request, instead of the client's.
            min_probability: Instead of the client's.
            metadata: Headers for the server and what stands before it.

        Raises:
            GuillemetError: A whole request failed; or one text, whose position is the error's `index`.
        """
        check_many(texts, errors)
        options = self._options(min_probability)
        texts = list(texts)
        if not texts:
            return []
        limits = self.get_model(timeout=timeout, metadata=metadata)
        batch = Batch(texts, options, limits, max_message_bytes=self._max_message_bytes, errors=errors)
        for request in batch.requests():
            with self._errors():
                response = self._quotations.BatchExtractQuotations(
                    request, timeout=self._seconds(timeout), metadata=self._headers(metadata)
                )
            batch.receive(request, response)
        return batch.outcomes()

    @overload
    def extract_iter(
        self,
        texts: Iterable[str],
        *,
        errors: Literal["raise"] = "raise",
        ordered: bool = True,
        max_in_flight: int = 32,
        patience: float = DEFAULT_PATIENCE_SECONDS,
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> Generator[Document]: ...
    @overload
    def extract_iter(
        self,
        texts: Iterable[str],
        *,
        errors: Literal["return"],
        ordered: bool = True,
        max_in_flight: int = 32,
        patience: float = DEFAULT_PATIENCE_SECONDS,
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> Generator[Document | GuillemetError]: ...
    def extract_iter(
        self,
        texts: Iterable[str],
        *,
        errors: OnError = "raise",
        ordered: bool = True,
        max_in_flight: int = 32,
        patience: float = DEFAULT_PATIENCE_SECONDS,
        timeout: float | None = None,
        min_probability: float | None = None,
        metadata: Metadata | None = None,
    ) -> Generator[Document] | Generator[Document | GuillemetError]:
        """Yield the quotations of each text of a corpus, however long, over one stream.

        A stream that breaks is opened again for what was not answered. Closing or dropping the generator ends the work on the
        server.

        >>> with Client("localhost:50051") as client:
        ...     for document in client.extract_iter(f"« {number} », a dit Jeanne Morvan." for number in range(3)):
        ...         print(document.id, document.quotations[0].text)
        0 « 0 »
        1 « 1 »
        2 « 2 »

        Args:
            texts: Read as answers come, at most `max_in_flight` ahead of what was yielded. They are read in the caller's
                thread: while the next one is waited for nothing is yielded, and what was answered meanwhile follows it.
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
        return cast("Generator[Document]", self._stream(iter(texts), flow, checked_seconds(timeout), metadata))

    def _stream(self, texts: Iterator[str], flow: Flow, timeout: float | None, metadata: Metadata | None) -> Generator[Outcome]:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            self._check_open()
            # gRPC takes requests in a thread of its own; texts are read in the caller's.
            requests = _Requests()
            for request in flow.opening():
                requests.put(request)
            if flow.has_ended:
                requests.put(None)
            seconds = None if end is None else max(0.0, end - time.monotonic())
            call = self._quotations.StreamExtractQuotations(
                iter(requests.get, None), timeout=seconds, metadata=self._headers(metadata)
            )
            answers = _Answers()
            threading.Thread(target=_take, args=(call, answers), daemon=True).start()
            failure: GuillemetError | None = None
            try:
                while failure is None:
                    if (outcome := flow.pop()) is not None:
                        yield outcome
                    elif flow.in_work and not (flow.has_room and answers.empty()):
                        failure = self._receive(answers, flow)
                    elif flow.has_room:
                        _read(texts, flow, requests)
                    elif flow.is_empty:
                        answers.get()  # every answer is there: how the stream ends changes nothing
                        return
                    else:
                        break  # the server refused all that is left, for now
            finally:
                call.cancel()  # first: a stream that merely ends would be answered to its end
                requests.put(None)
            self._closed.wait(flow.reopen_after_seconds(failure, now=time.monotonic(), end=end))

    def _receive(self, answers: _Answers, flow: Flow) -> GuillemetError | None:
        """Take an answer; return what ended the call, if anything did."""
        answer = answers.get()
        if answer is None:
            return ended_too_early()
        if isinstance(answer, pb.StreamExtractQuotationsResponse):
            flow.receive(answer)
            return None
        try:
            with self._errors():
                raise answer
        except GuillemetError as error:
            return error

    def get_model(self, *, timeout: float | None = None, metadata: Metadata | None = None) -> Model:
        """Return the model that answers, with its limits.

        Args:
            timeout: Seconds, instead of the client's.
            metadata: Headers for the server and what stands before it.

        Raises:
            GuillemetError: One of its leaves says what was wrong.
        """
        with self._errors():
            response = self._models.GetModel(
                pb.GetModelRequest(name=self._model or ""), timeout=self._seconds(timeout), metadata=self._headers(metadata)
            )
        return from_model(response.model)

    def close(self) -> None:
        """Close the connection; what is under way ends."""
        self._is_closed = True
        self._closed.set()
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()


def _read(texts: Iterator[str], flow: Flow, requests: _Requests) -> None:
    try:
        text = next(texts)
    except StopIteration:
        flow.has_ended = True
        requests.put(None)
    else:
        if (request := flow.add(text)) is not None:
            requests.put(request)


def _take(call: Iterator[pb.StreamExtractQuotationsResponse], answers: _Answers) -> None:
    """Take the answers of a call until it ends: the call itself cannot be asked whether one is there."""
    try:
        for answer in call:
            answers.put(answer)
    except grpc.RpcError as error:
        answers.put(error)
    finally:
        answers.put(None)
