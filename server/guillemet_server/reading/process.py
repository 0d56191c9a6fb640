"""A process that reads, seen from the server."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from structlog.typing import FilteringBoundLogger

from guillemet_models.document import Document
from guillemet_models.extractor import Interrupted
from guillemet_models.steps import record_steps
from guillemet_models.weights import ModelSettings
from guillemet_server import __version__
from guillemet_server.reading.messages import Asked, Failed, Loaded, Read, receive, send

# A process that dies need not die of the texts it has; if the next one does as well, no third is risked.
_ATTEMPTS = 2

# Of reading side by side, after a process could not be had: what it was short of may be there again.
_SECONDS_UNTIL_NEXT = 60.0


class ReaderDiedError(Exception):
    """The process died with these texts, and so did the one that took its place."""


class ReadingFailedError(Exception):
    """The model failed there with these texts, or there is no process any more: they may be read here."""


class ReaderProcess:
    """A process that reads for one thread, which waits for it."""

    def __init__(self, model: Path | None, settings: ModelSettings, *, after_seconds: float, log: FilteringBoundLogger) -> None:
        """Prepare; nothing is started yet.

        Args:
            model: A model folder. None: the embedded model.
            settings: Of the model here; if another is put into the folder, nothing is read with that.
            after_seconds: For so long its thread has to read beside others until a process is worth its beginning.
            log: Told of a process that dies or fails, or cannot be had.
        """
        self.deaths = 0  # and those that could not be had
        self._model = model
        self._settings = settings
        self._seconds_until_begin = after_seconds
        self._log = log
        self._loading: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._closed = False
        self._changing = threading.Lock()  # of the process: none begins once this is closed

    @property
    def is_ready(self) -> bool:
        """Whether it can be asked."""
        return self._is_ready

    @property
    def pid(self) -> int | None:
        """Of the process; None while it cannot be asked."""
        process = self._process
        return process.pid if process and self._is_ready else None

    def account(self, seconds: float) -> None:
        """Take note for how long its thread read beside others; let a process begin when that was long enough."""
        self._seconds_until_begin -= seconds
        is_loading = self._loading is not None and self._loading.is_alive()
        if self._seconds_until_begin <= 0 and not self._is_ready and not is_loading:
            self._loading = threading.Thread(target=self._load, name="guillemet-loading", daemon=True)
            self._loading.start()

    def wait(self) -> None:
        """Wait for a process that begins."""
        if self._loading is not None:
            self._loading.join()

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool]) -> list[Document]:
        """Do there what `Extractor.extract` does, once it is ready.

        Raises:
            Interrupted: As asked, or this is closed.
            ReadingFailedError: See there.
            ReaderDiedError: See there.
        """
        for _ in range(_ATTEMPTS):
            try:
                return self._extract(texts, interrupted)
            except EOFError:
                self._replace()
            if not self._is_ready:
                raise ReadingFailedError
        raise ReaderDiedError

    def close(self) -> None:
        """End the process, whatever it reads. Any thread may."""
        with self._changing:
            self._closed = True
        self._is_ready = False
        self._end()

    def _load(self) -> None:
        why = self._failure_to_load()
        if self._closed:
            self._end()
        elif why is None:
            self._is_ready = True
        else:
            self._end()
            self.deaths += 1
            self._seconds_until_begin = _SECONDS_UNTIL_NEXT
            self._log.warning("no reading process: its texts are read in a thread", why=why)

    def _failure_to_load(self) -> str | None:
        """Start a process; return why it cannot be asked, if it cannot."""
        try:
            with self._changing:
                if self._closed:
                    return "closed"
                self._process = _started()
            send(self._model, self._requests)
            answer = receive(self._answers)
        except (OSError, TypeError) as error:  # there may be no sys.executable
            return f"it cannot be started: {error}"
        except EOFError:
            return "it died while it loaded the model"
        if isinstance(answer, Failed):
            return f"it cannot load the model: {answer.exception}"
        if answer != Loaded(__version__, self._settings):
            return "the model folder, or Guillemet itself, is another by now"
        return None

    def _extract(self, texts: Sequence[str], interrupted: Callable[[], bool]) -> list[Document]:
        send(list(texts), self._requests)
        while isinstance(answer := receive(self._answers), Asked):
            stop = interrupted()
            send(stop, self._requests)
            if stop:
                receive(self._answers)
                raise Interrupted
        if isinstance(answer, Failed):
            self._log.warning("a reading process failed: its text is read in a thread", exception=answer.exception)
            raise ReadingFailedError
        read = cast("Read", answer)
        record_steps(read.steps)
        return read.documents

    def _replace(self) -> None:
        """Let another process take the place of one that died."""
        if self._closed:
            raise Interrupted
        self._is_ready = False
        self.deaths += 1
        self._log.warning("a reading process died", status=self._end())
        self._load()

    def _end(self) -> int | None:
        """End the process and return its status."""
        if self._process is None:
            return None
        self._process.kill()
        status = self._process.wait()
        for pipe in (self._requests, self._answers):
            with suppress(OSError):  # of what it had not read
                pipe.close()
        return status

    @property
    def _requests(self) -> BinaryIO:
        return cast("BinaryIO", cast("subprocess.Popen[bytes]", self._process).stdin)

    @property
    def _answers(self) -> BinaryIO:
        return cast("BinaryIO", cast("subprocess.Popen[bytes]", self._process).stdout)


def _started() -> "subprocess.Popen[bytes]":
    """Start a process that imports what this one does, and is in no group with it: Ctrl-C is the server's to answer."""
    flags = {"-I": sys.flags.isolated, "-E": sys.flags.ignore_environment, "-s": sys.flags.no_user_site, "-P": True}
    options = [option for option, is_set in flags.items() if is_set]
    return subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, *options, "-m", "guillemet_server.reading"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        process_group=0,
    )
