"""Files that are replaced while the server runs: certificates, tokens."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from structlog.typing import FilteringBoundLogger

_Value = TypeVar("_Value")
_Signature = list[tuple[int, int, int]]


class Reread(Generic[_Value]):
    """What some files say, read again once they have changed. Any thread may ask.

    A change is a new inode, size or time, which asking compares: no thread watches. Whatever cannot be read then, a file that
    is gone included, leaves in force what could be read before, and is logged once.
    """

    def __init__(self, paths: Sequence[Path], read: Callable[[], _Value], *, log: FilteringBoundLogger) -> None:
        """Read them.

        Args:
            paths: Of the files that belong together.
            read: Reads them all; raises OSError or ValueError, without their content in the message.
            log: For what was reread, and what could not be.

        Raises:
            OSError: As `read`.
            ValueError: As `read`.
        """
        self._paths = paths
        self._read = read
        self._log = log
        self._lock = threading.Lock()
        self._signature = self._signature_now()
        self._value = read()
        self._fault: str | None = None  # why what they say now cannot be read

    def current(self) -> _Value:
        """Return what the files say now, or said when they last could be read; until they change, the same object."""
        with self._lock:
            signature = self._signature_now()
            if signature != self._signature:
                self._signature = signature
                self._reread(signature)
            return self._value

    @property
    def is_stale(self) -> bool:
        """Whether they have changed and what they say now cannot be read."""
        self.current()
        return self._fault is not None

    def _reread(self, signature: _Signature) -> None:
        names = [path.name for path in self._paths]
        try:
            value = self._read()
        except (OSError, ValueError) as error:
            if isinstance(error, OSError):  # what stood in the way does not show in the signature: next time
                self._signature = []
            if str(error) != self._fault:
                self._log.error("not reread", files=names, error=str(error))
            self._fault = str(error)
            return
        if self._signature_now() == signature:
            self._value = value
            self._fault = None
            self._log.info("reread", files=names)
        else:
            self._signature = []  # replaced while they were read: next time

    def _signature_now(self) -> _Signature:
        return [_signature_of(path) for path in self._paths]


def _signature_of(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_ino, status.st_size, status.st_mtime_ns
