"""Ctrl-C and SIGTERM: they end a run, but never between two halves of something."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(BaseException):
    """A signal asks to end. Like KeyboardInterrupt no `Exception`, so that nothing takes it for a failure."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class Interruption:
    """What becomes of the two signals: `Interrupted` in the main thread; the second one ends the process at once."""

    def __init__(self) -> None:
        self._deferred = False
        self._pending: int | None = None

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals within the block."""
        before = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let what is in the block be finished first."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        self._raise_pending()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._pending is not None:
            os._exit(128 + number)  # who asks twice does not want to wait; what is on disk can be resumed
        self._pending = number
        if not self._deferred:
            self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending is not None:
            raise Interrupted(self._pending)
