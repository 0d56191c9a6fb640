"""A process that reads, seen from the server."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from structlog.typing import FilteringBoundLogger

from guillemet_models.document import Document
from guillemet_models.extractor import Interrupted, ModelDescription
from guillemet_models.steps import record_steps
from guillemet_server.reading.messages import Asked, Failed, Read, receive, send

# A text that a process died with may have been in the wrong place; one that two died with is not tried a third time.
_ATTEMPTS = 2


class ReaderDiedError(Exception):
    """The process ended with these texts, and the one that took its place did, too."""


class ReadingFailedError(Exception):
    """The model failed with these texts, and goes on with others."""


class ReaderProcess:
    """A process that reads for one thread, which waits for it; when it dies, another takes its place."""

    def __init__(self, model: Path | None, *, log: FilteringBoundLogger) -> None:
        """Prepare; nothing is started yet.

        Args:
            model: A model folder. None: the embedded model.
            log: Told of a process that dies or cannot be had.
        """
        self.is_lost = False  # nothing is read there any more
        self.deaths = 0
        self._model = model
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._description: ModelDescription | None = None
        self._closed = False
        self._ending = threading.Lock()  # no process begins once this is closed

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Begin to load the model there, at the niceness of this thread; `wait` says what became of it."""
        command = [sys.executable, "-I" if sys.flags.isolated else "-P", "-m", "guillemet_server.reading"]
        try:
            with self._ending:
                if self._closed:
                    raise Interrupted
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 (ours)
        except OSError as error:
            self._lose(f"it cannot be had: {error.strerror}")
            return
        with suppress(EOFError):  # `wait` will see
            send(self._model, self._requests)

    def wait(self, description: ModelDescription) -> None:
        """Wait until the model is loaded there. If it cannot be, or is another one than here, the process is lost.

        Args:
            description: Of the model here.
        """
        self._description = description
        if self.is_lost:
            return
        try:
            answer = receive(self._answers)
        except EOFError:
            self._lose("it died while it loaded the model")
            return
        if isinstance(answer, Failed):
            self._lose(f"it cannot load the model: {answer.exception}")
        elif (answer.sha256, answer.version) != (description.sha256, description.version):
            self._lose("the model folder holds another model by now")

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool]) -> list[Document]:
        """Do there what `Extractor.extract` does.

        Raises:
            Interrupted: As asked.
            ReadingFailedError: See there.
            ReaderDiedError: See there.
        """
        for _ in range(_ATTEMPTS):
            try:
                return self._extract(texts, interrupted)
            except EOFError:
                self._replace()
            if self.is_lost:
                break
        raise ReaderDiedError

    def close(self) -> None:
        """End the process, whatever it reads. Any thread may."""
        with self._ending:
            self._closed = True
            self._end()

    def _extract(self, texts: Sequence[str], interrupted: Callable[[], bool]) -> list[Document]:
        send(list(texts), self._requests)
        while isinstance(answer := receive(self._answers), Asked):
            stop = interrupted()
            send(stop, self._requests)
            if stop:
                receive(self._answers)
                raise Interrupted
        if isinstance(answer, Failed):
            raise ReadingFailedError(answer.exception)
        read = cast("Read", answer)
        record_steps(read.steps)
        return read.documents

    def _replace(self) -> None:
        if self._closed:
            raise Interrupted
        self.deaths += 1
        self._log.warning("a reading process died", status=self._end())
        self.start()
        self.wait(cast("ModelDescription", self._description))

    def _lose(self, why: str) -> None:
        self.is_lost = True
        self._log.warning("a reading process is lost; its texts are read in a thread", why=why)
        self._end()

    def _end(self) -> int | None:
        """Return its status."""
        if self._process is None:
            return None
        self._process.kill()
        status = self._process.wait()
        for pipe in (self._requests, self._answers):
            with suppress(OSError):  # of what it had not yet read
                pipe.close()
        return status

    @property
    def _requests(self) -> BinaryIO:
        return cast("BinaryIO", cast("subprocess.Popen[bytes]", self._process).stdin)

    @property
    def _answers(self) -> BinaryIO:
        return cast("BinaryIO", cast("subprocess.Popen[bytes]", self._process).stdout)
