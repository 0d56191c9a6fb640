"""What surrounds every RPC: the gate before it, its refusals turned into rich statuses, one line in the log."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from structlog.typing import FilteringBoundLogger

from guillemet_server import errors
from guillemet_server.gate import Gate
from guillemet_server.logs import reported

# Health and reflection answer in every state of the server.
_OURS = "/guillemet."

_Handler = Callable[[Any, Any], Awaitable[Any]]


class Interceptor(grpc.aio.ServerInterceptor):
    """The only place that ends an RPC with a status."""

    def __init__(self, gate: Gate, log: FilteringBoundLogger) -> None:
        """Build it.

        Args:
            gate: Asked before every RPC.
            log: One line for each RPC; never a text.
        """
        self._gate = gate
        self._log = log

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the handler of one of our methods."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith(_OURS):
            return handler
        serialization = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        # Both kinds of ours are coroutines of (request or requests, context).
        if handler.stream_stream:
            return grpc.stream_stream_rpc_method_handler(self._wrapped(handler.stream_stream, method), **serialization)
        return grpc.unary_unary_rpc_method_handler(self._wrapped(handler.unary_unary, method), **serialization)

    def _wrapped(self, handle: _Handler, method: str) -> Any:
        async def wrapper(request: Any | AsyncIterator[Any], context: Any) -> Any:
            started = time.monotonic()
            outcome = "CANCELLED"  # what stays if the caller or the deadline ends it
            try:
                with self._gate.passage():
                    response = await handle(request, context)
                outcome = "OK"
                return response  # noqa: TRY300 (an else would hide that this is the way out)
            except errors.Refusal as refusal:
                outcome = refusal.reason
                await _abort(context, refusal)
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001 (whatever it is, the caller gets an id and the log the rest)
                outcome = "INTERNAL"
                await _abort(context, reported(error, self._log))
            finally:
                milliseconds = round(1000 * (time.monotonic() - started), 1)
                # Answers are as many as the callers want; refusals are what somebody looks for.
                line = self._log.debug if outcome == "OK" else self._log.info
                line("rpc", method=method, outcome=outcome, milliseconds=milliseconds)

        return wrapper


async def _abort(context: Any, refusal: errors.Refusal) -> None:
    await context.abort(refusal.code, str(refusal), refusal.trailing_metadata())
