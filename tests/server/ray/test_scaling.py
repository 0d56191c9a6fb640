"""How many replicas are wanted for what waits. Needs no Ray."""

from types import SimpleNamespace

import pytest

from guillemet_server.ray.replica import QUEUE_TOKENS
from guillemet_server.ray.scaling import TOKENS_PER_REPLICA, replicas_for


@pytest.mark.parametrize(
    ("queued", "wanted"),
    [
        ({}, 1),
        ({"a": 0.0}, 1),
        ({"a": TOKENS_PER_REPLICA}, 1),
        ({"a": TOKENS_PER_REPLICA + 1}, 2),
        ({"a": TOKENS_PER_REPLICA, "b": 2 * TOKENS_PER_REPLICA}, 3),
        ({"a": 1e9}, 5),
    ],
)
def test_replicas_are_as_many_as_the_queued_tokens_need(queued: dict[str, float], wanted: int) -> None:
    context = SimpleNamespace(
        aggregated_metrics={QUEUE_TOKENS: queued}, capacity_adjusted_min_replicas=1, capacity_adjusted_max_replicas=5
    )

    assert replicas_for(context) == (wanted, {})


def test_before_anything_is_recorded_there_are_as_few_as_allowed() -> None:
    context = SimpleNamespace(aggregated_metrics=None, capacity_adjusted_min_replicas=2, capacity_adjusted_max_replicas=5)

    assert replicas_for(context) == (2, {})
