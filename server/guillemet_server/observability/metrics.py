"""What a server counts and measures, for Prometheus. docs/operations.md says what to make of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict

import grpc
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from guillemet.v1 import quotation_pb2 as pb
from guillemet_models.extractor import ModelDescription
from guillemet_server import __version__

_METHODS = {
    f"/{service.full_name}/{method.name}": method.name
    for service in pb.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}

# Reasons of refusals that an operator should know of.
_ALERTED = ("DEADLINE_EXCEEDED", "DEADLINE_UNREACHABLE", "INTERNAL", "QUEUE_FULL")

# Seconds, from the answer of a short text on a GPU to the longest that a client waits by default.
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
_LAG_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_TOKENS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The numbers of one server, in a registry of their own. Any thread may change or read them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.rpcs = self._counter("rpcs", "RPCs ended.", "method", "code")
        self.rpc_seconds = self._histogram(
            "rpc_seconds", "From an RPC's request, or a stream's headers, to its status.", _SECONDS, "method"
        )
        self.in_flight = Gauge(
            "guillemet_rpcs_in_flight",
            "RPCs begun, with their request or a stream's headers, and not ended.",
            registry=self.registry,
        )
        self.refusals = self._counter(
            "refusals", "Documents refused, by the reason told to the caller; an RPC refused unread is one.", "reason"
        )
        self.documents = self._counter("documents", "Documents answered.")
        self.tokens = self._counter("tokens", "Tokens read by the model; of answers from the cache, none are.")
        self.queue_seconds = self._histogram("queue_seconds", "From a document's admission to its batch.", _SECONDS)
        self.batch_tokens = self._histogram(
            "batch_tokens", "Tokens of a batch as they are weighed, four characters each, without padding.", _TOKENS
        )
        self.batch_texts = self._histogram("batch_texts", "Texts, or windows of longer ones, of a batch.", _TEXTS)
        self.padding_tokens = self._counter("padding_tokens", "Tokens by which batches were wider than their documents.")
        self.inference_seconds = self._histogram("inference_seconds", "Of one batch in the model.", _SECONDS)
        self.loop_lag_seconds = self._histogram(
            "event_loop_lag_seconds", "By how much the event loop was late for a timer.", _LAG_SECONDS
        )
        # What was never counted would be absent, and its first increase unseen.
        for name in _METHODS.values():
            self.rpcs.labels(name, "OK")
        for reason in _ALERTED:
            self.refusals.labels(reason)
        self._model = Info("guillemet_model", "What is served.", registry=self.registry)

    def count(self, method: str, code: grpc.StatusCode, outcome: str, seconds: float, *, documents: int) -> None:
        """Count an RPC that ended.

        Args:
            method: As on the wire; one that does not exist is no label, or callers could make as many as they like.
            code: Of gRPC.
            outcome: The reason of a refusal, or OK or CANCELLED.
            seconds: It took.
            documents: That are refused with it, if it is.
        """
        name = _METHODS.get(method, "other")
        self.rpcs.labels(name, code.name).inc()
        self.rpc_seconds.labels(name).observe(seconds)
        if code not in (grpc.StatusCode.OK, grpc.StatusCode.CANCELLED):
            self.refuse(outcome, documents)

    def refuse(self, reason: str, documents: int = 1) -> None:
        """Count documents refused, together or beside others."""
        self.refusals.labels(reason).inc(documents)

    def count_reading(self, *, tokens: int, queue_seconds: float) -> None:
        """Count a document read.

        Args:
            tokens: That the model read.
            queue_seconds: From its admission to its batch.
        """
        self.tokens.inc(tokens)
        self.queue_seconds.observe(queue_seconds)

    def count_batch(self, *, texts: int, tokens: int, padding: int, seconds: float) -> None:
        """Count what was read together.

        Args:
            texts: And windows of longer ones.
            tokens: Of all of them, as they are weighed.
            padding: Tokens that the batch had more than its texts.
            seconds: That it took.
        """
        self.batch_texts.observe(texts)
        self.batch_tokens.observe(tokens)
        self.padding_tokens.inc(padding)
        self.inference_seconds.observe(seconds)

    def describe_model(self, description: ModelDescription) -> None:
        """Say what is served, once it is loaded."""
        self._model.info({**{key: str(value) for key, value in asdict(description).items()}, "server_version": __version__})

    def watch(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        """Add a gauge that is read when it is asked for.

        Args:
            name: Without the prefix.
            documentation: One sentence.
            value: Called in another thread.
        """
        Gauge(f"guillemet_{name}", documentation, registry=self.registry).set_function(value)

    def watch_count(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        """As `watch`, of what only grows."""
        self.registry.register(_Count(f"guillemet_{name}", documentation, value))

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(f"guillemet_{name}", documentation, labels, registry=self.registry)

    def _histogram(self, name: str, documentation: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"guillemet_{name}", documentation, labels, registry=self.registry, buckets=buckets)


class _Count(Collector):
    """A counter that somebody else keeps."""

    def __init__(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        self._name = name
        self._documentation = documentation
        self._value = value

    def collect(self) -> Iterable[CounterMetricFamily]:
        """Return it as it is now."""
        return [CounterMetricFamily(self._name, self._documentation, value=self._value())]
