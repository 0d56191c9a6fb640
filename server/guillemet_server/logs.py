"""JSON lines on standard error, without a word of any document."""

import sys
import traceback
import uuid
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger

from guillemet_server import errors


def json_logger(level: str, stream: TextIO | None = None) -> FilteringBoundLogger:
    """Return a logger of its own: a server inside somebody's process leaves the process's logging alone.

    Args:
        level: Of the least important lines to write: debug, info, warning or error.
        stream: None: standard error.
    """
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    return logger


def reported(error: BaseException, log: FilteringBoundLogger) -> errors.Refusal:
    """Log a failure under the id of the request, and return what the caller is told of it.

    The exception's own message stays out of the log: it may quote the text that broke something.
    """
    request_id = structlog.contextvars.get_contextvars().get("request_id") or uuid.uuid4().hex
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "failure",
        request_id=request_id,
        exception=type(error).__name__,
        frames=[f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in frames],
    )
    return errors.internal(request_id)
