"""One RPC as operators see it: an id, a line in the log, numbers, a span."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from structlog.typing import FilteringBoundLogger

from guillemet_server.errors import Refusal
from guillemet_server.observability.metrics import Metrics
from guillemet_server.observability.requests import HEADER, request_id_of

if TYPE_CHECKING:  # an extra
    from guillemet_server.observability.tracing import Tracing


# A caller counts its deadline from when it sends, the server from when it receives: who leaves that shortly before the
# server's deadline leaves for its own.
_ON_ITS_WAY_SECONDS = 0.1


class RPC:
    """One RPC, and how it ended."""

    def __init__(self, method: str, request_id: str) -> None:
        self.method = method
        self.request_id = request_id
        self.documents = 1  # refused with it; of a batch that is parsed, all
        # What stays if the caller or the deadline ends it.
        self.code = grpc.StatusCode.CANCELLED
        self.outcome = "CANCELLED"

    def answered(self) -> None:
        """Say that it ended well."""
        self.code, self.outcome = grpc.StatusCode.OK, "OK"

    def refused(self, refusal: Refusal) -> None:
        """Say what it ended with."""
        self.code, self.outcome = refusal.code, refusal.reason


class Observer:
    """Logs, counts and traces RPCs."""

    def __init__(self, log: FilteringBoundLogger, metrics: Metrics, tracing: "Tracing | None") -> None:
        """Build it.

        Args:
            log: One line for each RPC; never a text.
            metrics: Of the server.
            tracing: None: nothing is traced.
        """
        self._log = log
        self._metrics = metrics
        self._tracing = tracing

    @contextmanager
    def observed(self, method: str, context: Any, *, caller: str | None) -> Iterator[RPC]:
        """Observe an RPC while the block lasts, in the RPC's own task.

        Args:
            method: As on the wire.
            context: Of gRPC.
            caller: Its name. None: callers are not known.
        """
        metadata = context.invocation_metadata()
        rpc = RPC(method, request_id_of(metadata))
        context.set_trailing_metadata(((HEADER, rpc.request_id),))
        # Every line of this task and of those that it begins bears them.
        structlog.contextvars.bind_contextvars(request_id=rpc.request_id, **({} if caller is None else {"caller": caller}))
        tracing = self._tracing.rpc(rpc, metadata) if self._tracing else nullcontext()
        started = time.monotonic()
        self._metrics.in_flight.inc()
        with tracing:
            try:
                yield rpc
            finally:
                seconds = time.monotonic() - started
                remaining = context.time_remaining()
                if rpc.outcome == "CANCELLED" and remaining is not None and remaining < _ON_ITS_WAY_SECONDS:
                    rpc.code, rpc.outcome = grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"
                self._metrics.in_flight.dec()
                self._metrics.count(rpc.method, rpc.code, rpc.outcome, seconds, documents=rpc.documents)
                # Answers are as many as the callers want; refusals are what somebody looks for.
                line = self._log.debug if rpc.outcome == "OK" else self._log.info
                line("rpc", method=method, outcome=rpc.outcome, milliseconds=round(1000 * seconds, 1), peer=context.peer())
