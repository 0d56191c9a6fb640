"""Where traces go, as OpenTelemetry's standard environment variables say: OTEL_EXPORTER_OTLP_ENDPOINT and its kin."""

import os
from typing import TYPE_CHECKING

from structlog.typing import FilteringBoundLogger

if TYPE_CHECKING:  # an extra
    from guillemet_server.observability.tracing import Tracing

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def tracing_from_environment(log: FilteringBoundLogger) -> "Tracing | None":
    """Return what sends traces by OTLP over gRPC; None: no endpoint is set, or the extra is not installed.

    Sampling, batching, headers and resource attributes are OpenTelemetry's own, from its own variables.

    Args:
        log: Says why an endpoint that is set is not used.
    """
    if not any(os.environ.get(name) for name in _ENDPOINTS) or os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return None
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 (an extra)
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        from guillemet_server.observability.tracing import Tracing  # noqa: PLC0415
    except ModuleNotFoundError as error:
        log.warning("no traces", missing=error.name, install="guillemet with its extra 'otel'")
        return None
    named = {"service.name": "guillemet", **OTELResourceDetector().detect().attributes}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)
