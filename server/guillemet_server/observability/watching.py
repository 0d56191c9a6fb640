"""The numbers that a server keeps anyhow, shown among its metrics."""

from collections.abc import Sequence
from typing import Any

from guillemet_server.batching import Scheduler
from guillemet_server.config import Limits
from guillemet_server.gate import Gate, State
from guillemet_server.observability.metrics import Metrics
from guillemet_server.security.rereading import Reread


def watch(metrics: Metrics, *, gate: Gate, scheduler: Scheduler, limits: Limits, files: Sequence[Reread[Any]]) -> None:
    """Let the metrics show what the parts of one server know.

    Args:
        metrics: Of the server.
        gate: Knows whether RPCs pass.
        scheduler: Knows what waits.
        limits: Of what may wait.
        files: Read again when they change.
    """
    cache = scheduler.cache
    metrics.watch("ready", "1 while RPCs pass.", lambda: gate.state is State.READY)
    metrics.watch("queue_tokens", "Tokens that wait.", lambda: scheduler.queued_tokens)
    metrics.watch("queue_limit_tokens", "Tokens above which requests are refused.", lambda: limits.max_queue_tokens)
    metrics.watch("texts_in_work", "Texts, and windows of longer ones, that wait or are read.", lambda: scheduler.in_work)
    metrics.watch_count("abandoned", "Texts and windows that nobody waited for any more.", lambda: scheduler.abandoned)
    metrics.watch_count("cache_hits", "Texts answered from the cache.", lambda: cache.hits)
    metrics.watch_count("cache_misses", "Texts looked for in the cache in vain.", lambda: cache.misses)
    metrics.watch("cache_bytes", "Memory that the answers in the cache take.", lambda: cache.bytes)
    metrics.watch("cache_documents", "Answers in the cache.", lambda: cache.documents)
    metrics.watch(
        "stale_files",
        "1 or 2 while changed certificates, changed tokens or both cannot be read.",
        lambda: sum(it.is_stale for it in files),
    )
