"""What surrounds every RPC: who calls, the gate, and refusals turned into rich statuses."""

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError
from structlog.typing import FilteringBoundLogger

from guillemet_server import errors
from guillemet_server.gate import Gate
from guillemet_server.logs import reported
from guillemet_server.observability.observer import RPC, Observer
from guillemet_server.observability.requests import HEADER
from guillemet_server.security.callers import CALLER, Callers

# In every state of the server, and whoever asks.
_HEALTH = "/grpc.health.v1.Health/"
# Reflection answers in every state, but not whoever asks.
_OURS = "/guillemet."

_Handler = Callable[[Any, Any], Awaitable[Any]]
_Deserializer = Callable[[bytes], Any]


class Interceptor(grpc.aio.ServerInterceptor):
    """The only place that ends an RPC with a status."""

    def __init__(
        self,
        gate: Gate,
        *,
        callers: Callers | None,
        observer: Observer,
        log: FilteringBoundLogger,
    ) -> None:
        """Build it.

        Args:
            gate: Asked before every RPC.
            callers: Who may call. None: everybody.
            observer: Told of every RPC.
            log: For failures.
        """
        self._gate = gate
        self._callers = callers
        self._observer = observer
        self._log = log

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the handler of one of our methods; whoever may not call learns not even which methods there are."""
        method, metadata = handler_call_details.method, handler_call_details.invocation_metadata or ()
        if method.startswith(_HEALTH):
            return await continuation(handler_call_details)
        if self._callers:
            try:
                CALLER.set(self._callers.caller(metadata))
            except errors.Refusal as refusal:
                # A stream of requests of which none is read, whatever the method: nothing of an unknown caller is parsed.
                refusing = self._wrapped(_raising(refusal), method)
                return grpc.stream_stream_rpc_method_handler(refusing)
        handler = await continuation(handler_call_details)
        if handler is None or not method.startswith(_OURS):
            return handler
        # Both kinds of ours are coroutines of (request or requests, context).
        parse = _parser(handler.request_deserializer)
        if handler.stream_stream:
            wrapped = self._wrapped(handler.stream_stream, method)
            return grpc.stream_stream_rpc_method_handler(
                wrapped, request_deserializer=parse, response_serializer=handler.response_serializer
            )
        # gRPC parses outside the handler, and would end what it cannot parse with a status of its own.
        return grpc.unary_unary_rpc_method_handler(
            self._wrapped(handler.unary_unary, method, parse), response_serializer=handler.response_serializer
        )

    def _wrapped(self, handle: _Handler, method: str, parse: _Deserializer | None = None) -> Any:
        async def wrapper(request: Any, context: Any) -> Any:
            caller = CALLER.get()
            with self._observer.observed(method, context, caller=caller.name if caller else None) as rpc:
                try:
                    with self._gate.passage():
                        if parse:
                            request = parse(request)
                            rpc.documents = max(1, len(getattr(request, "documents", ())))
                        response = await handle(request, context)
                except errors.Refusal as refusal:
                    status = _status(refusal, rpc)
                except Exception as error:  # noqa: BLE001 (whatever it is, the caller gets an id and the log the rest)
                    status = _status(reported(error, self._log), rpc)
                else:
                    rpc.answered()
                    return response
                # gRPC keeps the exception that this raises with the RPC, and the exception keeps this frame: what the frame
                # knew would stay, the texts with it, until the garbage collector came.
                aborted = context.abort(*status)
                del request, context
                return await aborted  # which raises

        return wrapper


def _raising(refusal: errors.Refusal) -> _Handler:
    async def refuse(_request: Any, _context: Any) -> NoReturn:
        raise refusal

    return refuse


def _parser(deserializer: _Deserializer) -> _Deserializer:
    """Return the deserializer, with a refusal for what it cannot parse."""

    def parse(message: bytes) -> Any:
        try:
            return deserializer(message)
        except DecodeError:
            raise errors.message_malformed() from None

    return parse


def _status(refusal: errors.Refusal, rpc: RPC) -> tuple[grpc.StatusCode, str, tuple[tuple[str, str | bytes], ...]]:
    """Return the code, the details and the trailers with which an RPC ends."""
    rpc.refused(refusal)
    return refusal.code, str(refusal), (*refusal.trailing_metadata(), (HEADER, rpc.request_id))
