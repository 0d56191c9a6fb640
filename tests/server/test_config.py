import pytest

from guillemet_models.cpus import usable_cpus
from guillemet_server.config import Limits, ServerConfig


@pytest.mark.parametrize(
    ("limit", "value"), [("max_request_bytes", 2**31), ("max_queue_tokens", 2**32), ("max_batch_documents", 0)]
)
def test_a_limit_that_the_wire_cannot_carry_is_named(limit: str, value: int) -> None:
    with pytest.raises(ValueError, match=limit):
        Limits(**{limit: value})


def test_a_document_that_no_request_can_hold_is_a_contradiction() -> None:
    with pytest.raises(ValueError, match="characters"):
        Limits(max_document_characters=1_000_000, max_request_bytes=4_000_000)  # with nothing around it


def test_as_many_threads_as_cpus_are_of_use() -> None:
    assert ServerConfig(listen="unix:s", threads=usable_cpus()).threads == usable_cpus()
    for threads in (0, usable_cpus() + 1, 1_000):
        with pytest.raises(ValueError, match=f"threads must lie between 1 and {usable_cpus()}, .* not be {threads:,}"):
            ServerConfig(listen="unix:s", threads=threads)


def test_a_cache_of_less_than_nothing_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="cache_bytes"):
        ServerConfig(listen="unix:s", cache_bytes=-1)
