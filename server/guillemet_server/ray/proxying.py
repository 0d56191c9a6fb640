"""What Ray's proxies, which know the contract's methods and pass them on, are told besides."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc

from guillemet.v1 import quotation_pb2_grpc as pb_grpc
from guillemet_server import errors

_RICH = "grpc-status-details-bin"


def add_services(servicer: Any, server: Any) -> None:
    """Add our services and ``grpc.health.v1`` to the server of one of Ray's proxies, which calls this by its name.

    Where a replica dies with a request, Ray answers INTERNAL, which nobody repeats. Every RPC of ours may be repeated: the
    caller is told that the replica is UNAVAILABLE, and asks again, another one.

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
    """Return a handler whose failures without a reason of ours are UNAVAILABLE."""
    if streaming_type.value.endswith("stream"):

        async def answers(request: Any, context: Any) -> AsyncIterator[bytes]:
            async for answer in handle(request, context):
                yield answer
            _tell(context)

        return answers

    async def answer(request: Any, context: Any) -> bytes:
        answered: bytes = await handle(request, context)
        _tell(context)
        return answered

    return answer


def _tell(context: Any) -> None:
    code = context.code()
    number = code.value[0] if isinstance(code, grpc.StatusCode) else code
    if number == grpc.StatusCode.INTERNAL.value[0] and all(key != _RICH for key, _ in context.trailing_metadata() or ()):
        refusal = errors.shutting_down()
        context.set_code(refusal.code)
        context.set_details(str(refusal))
        context.set_trailing_metadata(refusal.trailing_metadata())
