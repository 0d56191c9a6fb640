"""OpenTelemetry: a span for each RPC under the caller's trace (W3C Trace Context), and one for each stage of its texts.

Imported where the extra `otel` is installed and traces are wanted, and nowhere else.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import grpc
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from guillemet_server import __version__
from guillemet_server.observability.observer import RPC
from guillemet_server.observability.stages import RECORDER

# By OpenTelemetry's conventions, what a caller did wrong is no error of the server's span.
_FAULTS = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)

_PROPAGATOR = TraceContextTextMapPropagator()


class Tracing:
    """Makes spans; of a text they hold how long it took and how long it is, never a word."""

    def __init__(self, provider: TracerProvider) -> None:
        """Build it.

        Args:
            provider: Where spans go; shut down by `close`.
        """
        self._provider = provider
        self._tracer = provider.get_tracer("guillemet_server", __version__)

    @contextmanager
    def rpc(self, rpc: RPC, metadata: Iterable[tuple[str, str | bytes]]) -> Iterator[None]:
        """Trace an RPC while the block lasts, and the stages recorded in it."""
        service, _, name = rpc.method.strip("/").partition("/")
        clock = _Clock()
        span = self._tracer.start_span(
            f"{service}/{name}",
            context=_PROPAGATOR.extract({key: value for key, value in metadata if isinstance(value, str)}),
            kind=trace.SpanKind.SERVER,
            attributes={
                "rpc.system": "grpc",
                "rpc.service": service,
                "rpc.method": name,
                "guillemet.request_id": rpc.request_id,
            },
            start_time=clock.nanoseconds_at(clock.began),
        )

        def record(stage: str, began: float, ended: float) -> None:
            # Its parent is the current span, of this RPC.
            part = self._tracer.start_span(stage, start_time=clock.nanoseconds_at(began))
            part.end(clock.nanoseconds_at(ended))

        RECORDER.set(record)
        try:
            # An exception is not recorded: it may quote the text that it could not read.
            with trace.use_span(span, record_exception=False, set_status_on_exception=False):
                yield
        finally:
            span.set_attributes({"rpc.grpc.status_code": rpc.code.value[0], "guillemet.outcome": rpc.outcome})
            if rpc.code in _FAULTS:
                span.set_status(trace.StatusCode.ERROR, rpc.outcome)
            span.end(clock.nanoseconds_at(time.monotonic()))

    def close(self) -> None:
        """Send what is not yet sent."""
        self._provider.shutdown()


class _Clock:
    """One clock for an RPC and its stages: the monotonic one, in nanoseconds of the calendar."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._calendar_ns = time.time_ns()

    def nanoseconds_at(self, monotonic: float) -> int:
        return self._calendar_ns + round((monotonic - self.began) * 1e9)
