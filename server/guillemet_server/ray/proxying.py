"""What Ray's proxies, which know the contract's methods and pass them on, are told besides."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc

from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_server import errors

_RICH = "grpc-status-details-bin"
_SECONDS_BETWEEN_TRIES = (0.1, 0.3, 1.0, 2.0, 4.0)


def add_services(servicer: Any, server: Any) -> None:
    """Add our services and ``grpc.health.v1`` to the server of one of Ray's proxies, which calls this by its name.

    Where a replica dies with a request, Ray answers INTERNAL, which nobody repeats. Every RPC of ours may be repeated: a unary
    one is, here, until Ray has found out; the caller of a stream is told that its replica is UNAVAILABLE, and opens another.

    Args:
        servicer: Ray's own, of no use.
        server: ``ray.serve._private.grpc_util.gRPCGenericServer``; it makes all handlers by its factory.
    """
    factory = server.service_handler_factory
    server.service_handler_factory = lambda **options: _repeatable(factory(**options), **options)
    pb_grpc.add_QuotationServiceServicer_to_server(servicer, server)
    pb_grpc.add_ModelServiceServicer_to_server(servicer, server)
    server.service_handler_factory = factory
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)


def _repeatable(handle: Callable[[Any, Any], Any], *, streaming_type: Any, **_: Any) -> Callable[[Any, Any], Any]:
    """Return a handler that repeats what fails without a reason of ours, or says that it may be repeated."""
    if streaming_type.value.endswith("stream"):

        async def answers(request: Any, context: Any) -> AsyncIterator[bytes]:
            async for answer in handle(request, context):
                yield answer
            _tell(context)

        return answers

    async def answer(request: Any, context: Any) -> bytes:
        for seconds in _SECONDS_BETWEEN_TRIES:
            answered: bytes = await handle(request, context)
            if not _is_lost(context):
                return answered
            # Ray sets no code where there is one.
            context.set_code(grpc.StatusCode.OK)
            context.set_details("")
            await asyncio.sleep(seconds)
        answered = await handle(request, context)
        _tell(context)
        return answered

    return answer


def _tell(context: Any) -> None:
    if _is_lost(context):
        refusal = errors.shutting_down()
        context.set_code(refusal.code)
        context.set_details(str(refusal))
        context.set_trailing_metadata(refusal.trailing_metadata())


def _is_lost(context: Any) -> bool:
    code = context.code()
    number = code.value[0] if isinstance(code, grpc.StatusCode) else code
    internal: int = grpc.StatusCode.INTERNAL.value[0]
    return number == internal and all(key != _RICH for key, _ in context.trailing_metadata() or ())
