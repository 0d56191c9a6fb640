"""What can go wrong, and its one translation from gRPC.

GuillemetError
├── InvalidRequest      the text or an option was refused; the same request will be again
├── ModelUnknown        the server has no model of that name
├── Unauthenticated     the server does not know who asks
├── PermissionDenied    it does, and refuses
├── DeadlineExceeded    the timeout passed; never retried for you
├── TryLater            nothing is wrong with the request
│   ├── Overloaded      the server has too much to do
│   └── Unavailable     no server was reached, or it is starting or stopping
└── ServerFault         the server failed
"""
# ruff: noqa: N818 (a name says what happened; "Error" would add nothing)

import re
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

_STATUS_KEY = "grpc-status-details-bin"
_CORE_FAILURE = "Internal error from Core"  # grpc.aio's words, in place of the status that it lost
_DOCUMENT_PATH = re.compile(r"^(?:documents\[\d+\]|document(?=\.))")  # of a batch; of a stream

# Reason of the error for a stream that ended nobody knows why.
STATUS_LOST = "STATUS_LOST"

_Detail = TypeVar("_Detail", bound=Message)


class GuillemetError(Exception):
    """An answer other than a result; the base of all that this package raises on its own."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "UNKNOWN",
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        index: int | None = None,
        field: str | None = None,
        retry_after_seconds: float | None = None,
        request_id: str | None = None,
    ) -> None:
        """Build it.

        Args:
            message: What was wrong.
            code: Name of the ``grpc.StatusCode``.
            reason: The server's, UPPER_SNAKE; "" if it gave none.
            metadata: The values in the message, for programs.
            index: Position among the texts given of the one at fault; None: not one of many.
            field: Path of the field at fault in the request.
            retry_after_seconds: When to come back; None: not said.
            request_id: Under which the server's log has more.
        """
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.index = index
        self.field = field
        self.retry_after_seconds = retry_after_seconds
        self.request_id = request_id

    def __repr__(self) -> str:
        reason = f", reason={self.reason!r}" if self.reason else ""
        return f"{type(self).__name__}({str(self)!r}, code={self.code!r}{reason})"


class InvalidRequest(GuillemetError):
    """The text or an option was refused; `field` is its path in the request."""


class ModelUnknown(GuillemetError):
    """The server has no model of that name."""


class Unauthenticated(GuillemetError):
    """The server does not know who asks."""


class PermissionDenied(GuillemetError):
    """The server knows who asks, and refuses."""


class DeadlineExceeded(GuillemetError):
    """The timeout passed before the answer came."""


class TryLater(GuillemetError):
    """Nothing is wrong with the request: the same may succeed after `retry_after_seconds`."""


class Overloaded(TryLater):
    """The server has too much to do."""


class Unavailable(TryLater):
    """No server was reached, or it is starting or stopping."""


class ServerFault(GuillemetError):
    """The server failed; its log has more under `request_id`."""


_CLASSES: dict[str, type[GuillemetError]] = {
    "INVALID_ARGUMENT": InvalidRequest,
    "OUT_OF_RANGE": InvalidRequest,
    "FAILED_PRECONDITION": InvalidRequest,
    "NOT_FOUND": ModelUnknown,
    "UNAUTHENTICATED": Unauthenticated,
    "PERMISSION_DENIED": PermissionDenied,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "RESOURCE_EXHAUSTED": Overloaded,
    "UNAVAILABLE": Unavailable,
}


def from_status(status: status_pb2.Status, *, index: int | None = None) -> GuillemetError:
    """Return the error that a status stands for.

    Args:
        status: Of an RPC, or of one document of many.
        index: Position of that document among the texts given; stands in the paths instead of the server's, which count from
            the start of a request, or not at all.
    """
    code = code_pb2.Code.Name(status.code) if status.code in code_pb2.Code.values() else "UNKNOWN"
    info = _detail(status, error_details_pb2.ErrorInfo)
    request = _detail(status, error_details_pb2.BadRequest)
    retry = _detail(status, error_details_pb2.RetryInfo)
    origin = _detail(status, error_details_pb2.RequestInfo)

    def renumbered(path: str) -> str:
        return path if index is None else _DOCUMENT_PATH.sub(f"documents[{index}]", path)

    metadata = dict(info.metadata)
    if "field" in metadata:
        metadata["field"] = renumbered(metadata["field"])
    return _class_of(code, status)(
        renumbered(status.message) or code,
        code=code,
        reason=info.reason,
        metadata=metadata,
        index=index,
        field=renumbered(request.field_violations[0].field) if request.field_violations else None,
        retry_after_seconds=retry.retry_delay.ToNanoseconds() / 1e9 if retry.HasField("retry_delay") else None,
        request_id=origin.request_id or info.metadata.get("request_id"),
    )


def from_rpc(error: grpc.RpcError, *, address: str) -> GuillemetError:
    """Return the error that a failed RPC stands for.

    Args:
        error: As raised by a stub, sync or async.
        address: Of the server, for the message if gRPC itself failed to reach it.
    """
    # Stubs raise what is also a grpc.Call; the stubs' types leave open what its parts are.
    call = cast("Any", error)
    code: grpc.StatusCode = call.code()
    details: str = call.details() or ""
    for key, value in call.trailing_metadata() or ():
        if key == _STATUS_KEY:
            try:
                return from_status(status_pb2.Status.FromString(value))
            except DecodeError:
                break
    if code is grpc.StatusCode.INTERNAL and details == _CORE_FAILURE:
        return Unavailable("the stream broke while it was written to", code="UNAVAILABLE", reason=STATUS_LOST)
    number: int = code.value[0]
    if code is grpc.StatusCode.UNAVAILABLE:
        details = f"the server at {address} cannot be reached: {details}"
    elif code is grpc.StatusCode.DEADLINE_EXCEEDED:
        details = f"the timeout passed before the server at {address} answered"
    return from_status(status_pb2.Status(code=number, message=details))


def ended_too_early() -> GuillemetError:
    """Return the error for a stream that ended well, but without all its answers."""
    return Unavailable("the server ended the stream before it had answered", code="UNAVAILABLE")


def _class_of(code: str, status: status_pb2.Status) -> type[GuillemetError]:
    # gRPC gives a message that is too large the code of an overload; it will be too large later, too.
    if code == "RESOURCE_EXHAUSTED" and not status.details and "larger than max" in status.message:
        return InvalidRequest
    return _CLASSES.get(code, ServerFault)


def _detail(status: status_pb2.Status, kind: type[_Detail]) -> _Detail:
    """Return the detail of that kind, or an empty one."""
    detail = kind()
    for candidate in status.details:
        if candidate.Is(kind.DESCRIPTOR):
            try:
                candidate.Unpack(detail)
            except DecodeError:
                continue
            break
    return detail
