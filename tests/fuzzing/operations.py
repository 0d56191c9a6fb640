"""How much work something is, counted rather than timed."""

import sys
from collections.abc import Callable
from types import FrameType


def operations(function: Callable[[], object], package: str = "guillemet_models") -> int:
    """Return how many lines of a package's own code run in `function`; each turn of a loop is one, also in a comprehension.

    What one line does may still take long, such as one that copies a text: that is to be counted otherwise.
    """
    count = 0
    inside = f"/{package}/"

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., object] | None:
        nonlocal count
        if inside not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count
