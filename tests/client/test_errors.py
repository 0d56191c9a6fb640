import pickle
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, status_pb2

import guillemet_client as gc
from guillemet_client._errors import from_status

NewStatus = Callable[..., status_pb2.Status]

TREE = [
    ("INVALID_ARGUMENT", gc.InvalidRequest),
    ("OUT_OF_RANGE", gc.InvalidRequest),
    ("NOT_FOUND", gc.ModelUnknown),
    ("UNAUTHENTICATED", gc.Unauthenticated),
    ("PERMISSION_DENIED", gc.PermissionDenied),
    ("DEADLINE_EXCEEDED", gc.DeadlineExceeded),
    ("RESOURCE_EXHAUSTED", gc.Overloaded),
    ("UNAVAILABLE", gc.Unavailable),
    ("INTERNAL", gc.ServerFault),
    ("UNKNOWN", gc.ServerFault),
    ("UNIMPLEMENTED", gc.ServerFault),
]


@pytest.mark.parametrize(("code", "kind"), TREE)
def test_a_status_becomes_its_leaf_with_all_it_says(code: str, kind: type[gc.GuillemetError], new_status: NewStatus) -> None:
    status = new_status(
        grpc.StatusCode[code],
        "SOME_REASON",
        "what was wrong",
        field="document.text",
        retry_seconds=1.5,
        request_id="r1",
        metadata={"limit": "3"},
    )

    error = from_status(status)

    assert type(error) is kind
    assert (str(error), error.code, error.reason) == ("what was wrong", code, "SOME_REASON")
    assert (error.field, error.retry_after_seconds, error.request_id) == ("document.text", 1.5, "r1")
    assert error.metadata == {"limit": "3"}


@pytest.mark.parametrize(("code", "kind"), TREE)
def test_a_server_that_fails_so_raises_it(
    code: str, kind: type[gc.GuillemetError], ask: Callable[..., Any], service: Any, new_status: NewStatus
) -> None:
    # As often as it may be asked again.
    service.failures.extend([new_status(grpc.StatusCode[code], "SOME_REASON", field="document.text", retry_seconds=0.5)] * 9)
    service.pushback_ms = 1

    with pytest.raises(gc.GuillemetError) as caught:
        ask("extract", "« Oui »")

    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.reason) == (code, "SOME_REASON")
    assert (caught.value.field, caught.value.retry_after_seconds) == ("document.text", 0.5)


def test_every_public_error_is_one_that_a_server_raises() -> None:
    public = {error for error in vars(gc).values() if isinstance(error, type) and issubclass(error, gc.GuillemetError)}

    assert public - {kind for _, kind in TREE} == {gc.GuillemetError, gc.TryLater}  # which are no leaves


def test_what_is_not_said_is_none() -> None:
    error = from_status(status_pb2.Status(code=code_pb2.UNAVAILABLE))

    assert (error.field, error.retry_after_seconds, error.request_id, error.index) == (None, None, None, None)
    assert str(error) == "UNAVAILABLE"


def test_an_unknown_code_is_a_fault_of_the_server() -> None:
    assert type(from_status(status_pb2.Status(code=999, message="?"))) is gc.ServerFault


def test_a_damaged_detail_is_passed_over() -> None:
    status = status_pb2.Status(code=code_pb2.UNAVAILABLE, message="down")
    status.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff\xff")

    assert from_status(status).reason == ""


def test_a_path_counts_from_the_first_text_that_the_caller_gave(new_status: NewStatus) -> None:
    path = "documents[1].text"
    status = new_status(grpc.StatusCode.INVALID_ARGUMENT, "R", f"{path}: empty", field=path, metadata={"field": path})

    error = from_status(status, index=65)

    assert (error.index, error.field, error.metadata["field"]) == (65, "documents[65].text", "documents[65].text")
    assert str(error) == "documents[65].text: empty"


def test_a_message_too_large_is_no_overload() -> None:
    error = from_status(
        status_pb2.Status(code=code_pb2.RESOURCE_EXHAUSTED, message="Received message larger than max (9 vs. 4)")
    )

    assert type(error) is gc.InvalidRequest


def test_errors_survive_pickling() -> None:
    error = gc.Overloaded("busy", code="RESOURCE_EXHAUSTED", reason="QUEUE_FULL", retry_after_seconds=2.0)

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)

    assert repr(copy) == repr(error) == "Overloaded('busy', code='RESOURCE_EXHAUSTED', reason='QUEUE_FULL')"
    assert copy.retry_after_seconds == 2.0
