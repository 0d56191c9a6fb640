"""Ctrl-C and SIGTERM: they end a run, but never between two halves of something.

An exception that a signal raises on the way into a ``with lock`` can leave the lock taken for ever, and gRPC waits within one.
So signals raise only where that is safe; elsewhere they end, from another thread, what the main thread waits for.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_INTERRUPTED, _DONE = b"i", b"d"


class Interrupted(BaseException):
    """A signal asks to end. Like KeyboardInterrupt no `Exception`, so that nothing takes it for a failure."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class Interruption:
    """What becomes of the two signals; one that is ignored stays so. The second one ends the process at once."""

    def __init__(self) -> None:
        self._pending: int | None = None
        self._raises = False
        self._end: Callable[[], None] | None = None

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals within the block; what fails there after one is `Interrupted`."""
        # A pipe, for nothing else may be called from a handler without care for locks.
        reader, self._writer = os.pipe()
        watcher = threading.Thread(target=self._watch, args=(reader,), daemon=True)
        watcher.start()
        heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._handle) for number in heeded}
        try:
            yield
        except Exception:
            self._raise_pending()
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            os.write(self._writer, _DONE)
            watcher.join()
            os.close(self._writer)
            os.close(reader)

    def ends(self, end: Callable[[], None]) -> None:
        """Let `end` be called, in another thread, when a signal comes: it makes fail what this thread waits for."""
        self._end = end
        self._raise_pending()

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Raise `Interrupted` at once within the block, which holds no lock."""
        self._raises = True
        try:
            self._raise_pending()
            yield
        finally:
            self._raises = False

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._pending is not None:
            os._exit(128 + number)  # who asks twice does not want to wait; what is on disk can be resumed
        self._pending = number
        os.write(self._writer, _INTERRUPTED)
        if self._raises:
            self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending is not None:
            raise Interrupted(self._pending)

    def _watch(self, reader: int) -> None:
        while os.read(reader, 1) == _INTERRUPTED:
            if self._end is not None:
                self._end()
