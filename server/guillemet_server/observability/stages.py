"""What a text goes through, told to whoever traces: queue, tokenize, infer, decode."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeAlias

# Of a name and its begin and end, seconds of the event loop's clock.
Recorder: TypeAlias = Callable[[str, float, float], None]

# Of the RPC in whose context a text is read. None: nobody traces.
RECORDER: ContextVar[Recorder | None] = ContextVar("guillemet_stages", default=None)


def record_stage(name: str, begin: float, end: float) -> None:
    """Say that the text of the current RPC went through a stage.

    Args:
        name: Of the stage.
        begin: Seconds of the event loop's clock, in the past.
        end: As `begin`.
    """
    if record := RECORDER.get():
        record(name, begin, end)
