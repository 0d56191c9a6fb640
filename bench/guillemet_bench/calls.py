"""Requests as bytes, made before anything is timed; answers parsed only as far as they are looked at."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import grpc

from guillemet.v1 import quotation_pb2 as pb
from guillemet_bench.corpus import word_count
from guillemet_bench.measuring import Tally

_SERVICE = "/guillemet.v1.QuotationService/"


@dataclass(frozen=True, slots=True)
class Request:
    """One text, ready to be sent."""

    text: str
    words: int
    message: bytes  # ExtractQuotationsRequest

    @classmethod
    def of(cls, text: str) -> "Request":
        """Make one."""
        request = pb.ExtractQuotationsRequest(document=pb.Document(text=text))
        return cls(text, word_count(text), request.SerializeToString())


class Caller:
    """One connection to a server."""

    def __init__(self, address: str) -> None:
        """Connect, within the event loop.

        Args:
            address: Of the server.
        """
        options = [
            ("grpc.enable_retries", 0),  # they would hide refusals
            ("grpc.use_local_subchannel_pool", 1),  # else callers of the same server share one connection
            ("grpc.max_receive_message_length", -1),
        ]
        self._channel = grpc.aio.insecure_channel(address, options=options)
        self._unary: Any = self._channel.unary_unary(_SERVICE + "ExtractQuotations")
        self._batch: Any = self._channel.unary_unary(_SERVICE + "BatchExtractQuotations")
        self._stream: Any = self._channel.stream_stream(_SERVICE + "StreamExtractQuotations")
        self._get_model: Any = self._channel.unary_unary("/guillemet.v1.ModelService/GetModel")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Disconnect."""
        await self._channel.close()

    async def model(self) -> pb.Model:
        """Return what is served."""
        return pb.GetModelResponse.FromString(await self._get_model(b"")).model

    def start(self, request: Request, *, deadline_seconds: float | None = None) -> Any:
        """Send one text; return gRPC's call, which is awaited for the bytes of the answer."""
        return self._unary(request.message, timeout=deadline_seconds)

    async def ask(
        self, request: Request, tally: Tally, *, intended: float | None = None, deadline_seconds: float | None = None
    ) -> bytes | None:
        """Send one text and count what becomes of it; return the bytes of the answer, None if there is none.

        Args:
            request: The text.
            tally: Counts it.
            intended: When it should have been sent, by the monotonic clock: what kept it from that is waiting too. None: now.
            deadline_seconds: From now. None: for ever.
        """
        began = time.monotonic() if intended is None else intended
        try:
            answer: bytes = await self.start(request, deadline_seconds=deadline_seconds)
        except grpc.aio.AioRpcError as error:
            tally.add_failure(error.code(), time.monotonic() - began)
            return None
        tally.answered.add(time.monotonic() - began)
        tally.words += request.words
        return answer

    async def batch(self, requests: Sequence[Request]) -> pb.BatchExtractQuotationsResponse:
        """Send texts together."""
        batch = pb.BatchExtractQuotationsRequest(documents=[pb.Document(text=request.text) for request in requests])
        return pb.BatchExtractQuotationsResponse.FromString(await self._batch(batch.SerializeToString()))

    async def stream(self, texts: Iterator[str]) -> AsyncIterator[pb.StreamExtractQuotationsResponse]:
        """Send texts over one stream; yield the answers as they come."""

        async def requests() -> AsyncIterator[bytes]:
            for number, text in enumerate(texts):
                document = pb.Document(id=str(number), text=text)
                yield pb.StreamExtractQuotationsRequest(document=document).SerializeToString()

        call = self._stream(requests())
        try:
            async for message in call:
                yield pb.StreamExtractQuotationsResponse.FromString(message)
        finally:
            call.cancel()
