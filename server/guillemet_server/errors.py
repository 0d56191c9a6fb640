"""Every refusal that a caller can meet, each with its code, its reason and its details. Never a word of a document in them."""

from collections.abc import Mapping

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

DOMAIN = "guillemet"

# What a caller is told to wait before the speed of the model is known.
_UNKNOWN_WAIT_SECONDS = 1.0
# Longer than this nobody waits; a tiny quota could come to more than a Duration holds.
_LONGEST_WAIT_SECONDS = 86_400.0
# A caller's own value (a model's name) is echoed no longer than this: trailers are limited to 8 KiB in all.
_ECHO_CHARACTERS = 128


class Refusal(Exception):  # noqa: N818 (an answer, not a failure)
    """An answer other than a result, in the same form for an RPC and for one document of many."""

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str,
        *,
        metadata: Mapping[str, object] | None = None,
        retry_seconds: float | None = None,
        details: tuple[Message, ...] = (),
    ) -> None:
        """Build it.

        Args:
            code: Of gRPC.
            reason: UPPER_SNAKE, part of the contract.
            message: One sentence for a developer.
            metadata: The values in the message, for programs.
            retry_seconds: When to come back, for a refusal that passes; a day is said for what takes longer.
            details: Further ``google.rpc`` messages.
        """
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.retry_seconds = None if retry_seconds is None else min(retry_seconds, _LONGEST_WAIT_SECONDS)
        self._metadata = {key: str(value) for key, value in (metadata or {}).items()}
        self._details = details

    def to_status(self) -> status_pb2.Status:
        """Return it as the rich status that the contract promises."""
        number: int = self.code.value[0]
        status = status_pb2.Status(code=number, message=str(self))
        status.details.add().Pack(error_details_pb2.ErrorInfo(domain=DOMAIN, reason=self.reason, metadata=self._metadata))
        if self.retry_seconds is not None:
            delay = Duration()
            delay.FromMilliseconds(self._retry_ms())
            status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
        for detail in self._details:
            status.details.add().Pack(detail)
        return status

    def trailing_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """Return the trailers of an RPC that ends with it."""
        trailers = tuple(rpc_status.to_status(self.to_status()).trailing_metadata)
        # gRPC's own retry layer reads this one, and nothing of the status; what is negative it does not send again.
        pushback_ms = -1 if self.retry_seconds is None else self._retry_ms()
        return (*trailers, ("grpc-retry-pushback-ms", str(pushback_ms)))

    def _retry_ms(self) -> int:
        return max(1, round(1000 * (self.retry_seconds or 0)))


def _invalid(reason: str, field: str, message: str, **metadata: object) -> Refusal:
    violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=message)
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        reason,
        f"{field}: {message}",
        metadata={"field": field, **metadata},
        details=(error_details_pb2.BadRequest(field_violations=[violation]),),
    )


def text_empty(field: str) -> Refusal:
    """No character but white space."""
    return _invalid("TEXT_EMPTY", field, "the text is empty or white space alone")


def document_too_long(field: str, *, actual: int, limit: int) -> Refusal:
    """More code points than allowed."""
    message = f"the text has {actual:,} characters; at most {limit:,} are accepted"
    return _invalid("DOCUMENT_TOO_LONG", field, message, actual=actual, limit=limit)


def language_unsupported(field: str) -> Refusal:
    """Not French."""
    return _invalid("LANGUAGE_UNSUPPORTED", field, "only French is read: leave it empty, or send fr or fr-…")


def document_id_too_long(field: str, *, actual: int, limit: int) -> Refusal:
    """An id that nobody would want echoed."""
    message = f"the id has {actual:,} characters; at most {limit:,} are accepted"
    return _invalid("DOCUMENT_ID_TOO_LONG", field, message, actual=actual, limit=limit)


def document_id_missing(field: str) -> Refusal:
    """A document of a stream that no answer could name."""
    return _invalid("DOCUMENT_ID_MISSING", field, "a document of a stream needs an id")


def document_id_duplicate(field: str) -> Refusal:
    """Two documents of a stream that no answer could tell apart."""
    return _invalid("DOCUMENT_ID_DUPLICATE", field, "a document with this id is still in work in this stream")


def batch_empty() -> Refusal:
    """Nothing to do."""
    return _invalid("BATCH_EMPTY", "documents", "the batch has no documents")


def batch_too_large(*, actual: int, limit: int) -> Refusal:
    """More documents than allowed."""
    message = f"the batch has {actual:,} documents; at most {limit:,} are accepted"
    return _invalid("BATCH_TOO_LARGE", "documents", message, actual=actual, limit=limit)


def answer_too_large(field: str, *, actual: int, limit: int) -> Refusal:
    """An answer that no message may carry; gRPC itself would end the RPC without a reason."""
    message = f"the answer has {actual:,} bytes; at most {limit:,} are sent: send less text at a time, or set omit_text"
    return _invalid("ANSWER_TOO_LARGE", field, message, actual=actual, limit=limit)


def option_invalid(field: str, message: str) -> Refusal:
    """An option without a meaning."""
    return _invalid("OPTION_INVALID", field, message)


def model_unknown(name: str) -> Refusal:
    """A model that is not served here."""
    echo = name[:_ECHO_CHARACTERS]
    resource = error_details_pb2.ResourceInfo(
        resource_type="guillemet.v1.Model", resource_name=echo, description="This model is not served here."
    )
    return Refusal(
        grpc.StatusCode.NOT_FOUND,
        "MODEL_UNKNOWN",
        f"the model {echo!r} is not served here",
        metadata={"model": echo},
        details=(resource,),
    )


def queue_full(*, queued: int, limit: int, wait_seconds: float | None) -> Refusal:
    """More work waits than the server agreed to hold; the caller is told when that will have passed."""
    return Refusal(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "QUEUE_FULL",
        f"{queued:,} tokens wait in the queue; at most {limit:,} may",
        metadata={"queued_tokens": queued, "limit": limit},
        retry_seconds=_UNKNOWN_WAIT_SECONDS if wait_seconds is None else wait_seconds,
    )


def deadline_unreachable(*, wait_seconds: float, reading_seconds: float, seconds: float) -> Refusal:
    """The deadline would pass in the queue or in inference, so the work is not begun.

    Args:
        wait_seconds: Until the work would begin.
        reading_seconds: That it would take at least.
        seconds: Until the deadline. Where the reading alone takes longer, the caller is not told to come back.
    """
    wait_ms, reading_ms = round(1000 * wait_seconds), round(1000 * reading_seconds)
    why = f"the wait is about {wait_ms:,} ms, the reading {reading_ms:,} ms or more"
    return Refusal(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "DEADLINE_UNREACHABLE",
        f"the answer could not be ready before the deadline: {why}",
        metadata={"predicted_wait_ms": wait_ms, "least_reading_ms": reading_ms},
        retry_seconds=wait_seconds if reading_seconds < seconds else None,
    )


def deadline_exceeded() -> Refusal:
    """The caller's time is over."""
    return Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the deadline passed before the answer was ready")


def message_malformed() -> Refusal:
    """Bytes that are no message of the contract."""
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        "MESSAGE_MALFORMED",
        "the message is none of the contract: its protobuf is damaged, or a string in it is no UTF-8",
    )


def token_missing() -> Refusal:
    """A caller who does not say who it is."""
    return Refusal(
        grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING", "callers need a token here: send the header authorization: Bearer …"
    )


def token_unknown() -> Refusal:
    """A token that lets nobody in, or no longer does."""
    return Refusal(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_UNKNOWN", "the token is not known here, or no longer")


def quota_exceeded(*, tokens_per_second: float, wait_seconds: float) -> Refusal:
    """A caller who asks for more than its share."""
    return Refusal(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "QUOTA_EXCEEDED",
        f"the caller's quota of {tokens_per_second} tokens a second is used up",
        metadata={"tokens_per_second": tokens_per_second},
        retry_seconds=wait_seconds,
    )


def model_loading() -> Refusal:
    """The server listens but cannot answer yet."""
    return Refusal(
        grpc.StatusCode.UNAVAILABLE, "MODEL_LOADING", "the model is still loading", retry_seconds=_UNKNOWN_WAIT_SECONDS
    )


def shutting_down() -> Refusal:
    """The server finishes what it has and takes nothing new; another one, or its successor, will."""
    return Refusal(
        grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", "the server is shutting down", retry_seconds=_UNKNOWN_WAIT_SECONDS
    )


def internal(request_id: str) -> Refusal:
    """A bug; the log has the rest under `request_id`."""
    return Refusal(
        grpc.StatusCode.INTERNAL,
        "INTERNAL",
        f"the server failed; its log knows request {request_id}",
        metadata={"request_id": request_id},
        details=(error_details_pb2.RequestInfo(request_id=request_id),),
    )
