"""The numbers that a server keeps anyhow, shown among its metrics."""

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

from prometheus_client import ProcessCollector

from guillemet_server.batching import Scheduler
from guillemet_server.config import Limits
from guillemet_server.gate import Gate, State
from guillemet_server.inference import Inference
from guillemet_server.observability.metrics import Metrics
from guillemet_server.security.rereading import Reread


def watch(
    metrics: Metrics,
    *,
    gate: Gate,
    scheduler: Scheduler,
    inference: Inference,
    limits: Limits,
    files: Sequence[Reread[Any]],
) -> None:
    """Let the metrics show what the parts of one server know.

    Args:
        metrics: Of the server.
        gate: Knows whether RPCs pass.
        scheduler: Knows what waits.
        inference: Knows its processes.
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
    metrics.watch("readers", "Processes that read beside the server's own.", lambda: len(_pids(inference)))
    metrics.watch_count(
        "reader_deaths", "Processes that died, or could not be had.", lambda: sum(it.deaths for it in inference.readers)
    )
    metrics.watch(
        "readers_resident_memory_bytes", "Of those processes.", lambda: _sum(inference, "process_resident_memory_bytes")
    )
    metrics.watch_count("readers_cpu_seconds", "Of those processes, and of those before them.", lambda: _cpu_seconds(inference))


def _cpu_seconds(inference: Inference) -> float:
    ended = os.times()
    return ended.children_user + ended.children_system + _sum(inference, "process_cpu_seconds_total")


def _pids(inference: Inference) -> list[int]:
    return [reader.pid for reader in inference.readers if reader.pid is not None]


def _sum(inference: Inference, sample: str) -> float:
    """Add up what the server shows of itself, of its processes."""
    collectors = [ProcessCollector(pid=partial(int, pid), registry=None) for pid in _pids(inference)]
    shown = (it for collector in collectors for family in collector.collect() for it in family.samples)
    return sum(it.value for it in shown if it.name == sample)
