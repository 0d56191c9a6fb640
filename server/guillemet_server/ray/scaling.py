"""How many replicas: as many as what waits needs, in tokens, whatever the length of the texts."""

from math import ceil
from typing import Any

from guillemet_server.ray.replica import QUEUE_TOKENS

TOKENS_PER_REPLICA = 10_000
"""That may wait for one replica: on two CPUs, half a second of its work."""


def replicas_for(context: Any) -> tuple[int, dict[str, Any]]:
    """Return the wanted number of replicas, within the limits that the deployment states.

    Args:
        context: ``ray.serve.config.AutoscalingContext``, with what each replica records.

    Returns:
        The number, and what is to be remembered: nothing.
    """
    of_replicas = (context.aggregated_metrics or {}).get(QUEUE_TOKENS, {})
    wanted = ceil(sum(of_replicas.values()) / TOKENS_PER_REPLICA)
    return max(context.capacity_adjusted_min_replicas, min(wanted, context.capacity_adjusted_max_replicas)), {}
