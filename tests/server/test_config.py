import pytest

from guillemet_server.config import Limits


@pytest.mark.parametrize(
    ("limit", "value"), [("max_request_bytes", 2**31), ("max_queue_tokens", 2**32), ("max_batch_documents", 0)]
)
def test_a_limit_that_the_wire_cannot_carry_is_named(limit: str, value: int) -> None:
    with pytest.raises(ValueError, match=limit):
        Limits(**{limit: value})


def test_a_document_that_no_request_can_hold_is_a_contradiction() -> None:
    with pytest.raises(ValueError, match="characters"):
        Limits(max_document_characters=1_000_000, max_request_bytes=3_999_999)
