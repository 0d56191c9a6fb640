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
        carrier = {key: value for key, value in metadata if isinstance(value, str)}
        service, _, name = rpc.method.strip("/").partition("/")
        with self._tracer.start_as_current_span(
            f"{service}/{name}",
            context=_PROPAGATOR.extract(carrier),
            kind=trace.SpanKind.SERVER,
            attributes={
                "rpc.system": "grpc",
                "rpc.service": service,
                "rpc.method": name,
                "guillemet.request_id": rpc.request_id,
            },
            # An exception may quote the text that it could not read.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            RECORDER.set(self._record)
            try:
                yield
            finally:
                span.set_attributes({"rpc.grpc.status_code": rpc.code.value[0], "guillemet.outcome": rpc.outcome})
                if rpc.code in _FAULTS:
                    span.set_status(trace.StatusCode.ERROR, rpc.outcome)

    def close(self) -> None:
        """Send what is not yet sent."""
        self._provider.shutdown()

    def _record(self, name: str, begin: float, end: float) -> None:
        # The parent is the current span: that of the RPC. Spans count nanoseconds of the calendar.
        now_ns, now = time.time_ns(), time.monotonic()
        span = self._tracer.start_span(name, start_time=now_ns - round((now - begin) * 1e9))
        span.end(end_time=now_ns - round((now - end) * 1e9))
