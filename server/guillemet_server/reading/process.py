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

# A process that dies need not die of the texts it has; if the next one does as well, no third is risked.
_ATTEMPTS = 2


class ReaderDiedError(Exception):
    """The process died with these texts, and the one that took its place did, or could not be had."""


class ReadingFailedError(Exception):
    """The model failed with these texts, and goes on with others."""


class ReaderProcess:
    """A process that reads for one thread, which waits for it. It begins when it is first asked for, for it takes memory."""

    def __init__(self, model: Path | None, description: ModelDescription, *, log: FilteringBoundLogger) -> None:
        """Prepare; nothing is started yet.

        Args:
            model: A model folder. None: the embedded model.
            description: Of the model that is there; another, put there since, is not read with.
            log: Told of a process that dies or cannot be had.
        """
        self.deaths = 0
        self._model = model
        self._description = description
        self._log = log
        self._loading: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False
        self._closed = False
        self._changing = threading.Lock()  # of the process: none begins once this is closed

    @property
    def pid(self) -> int | None:
        """Of the process; None while it cannot be asked."""
        process = self._process
        return process.pid if process and self._is_ready else None

    def is_ready(self) -> bool:
        """Tell whether it can be asked; whoever wants to know first lets it begin, which takes a second."""
        if self._loading is None:
            self._loading = threading.Thread(target=self._load, name="guillemet-loading", daemon=True)
            self._loading.start()
        return self._is_ready

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
                break
        raise ReaderDiedError

    def close(self) -> None:
        """End the process, whatever it reads. Any thread may."""
        with self._changing:
            self._closed = True
        self._end()

    def _load(self) -> None:
        why = self._failure_to_load()
        if self._closed:
            self._end()
        elif why is None:
            self._is_ready = True
        else:
            self._end()
            self._log.warning("no reading process: its texts are read in a thread", why=why)

    def _failure_to_load(self) -> str | None:
        """Start a process, as nice as this thread; return why it cannot be asked, if it cannot."""
        command = [sys.executable, "-I" if sys.flags.isolated else "-P", "-m", "guillemet_server.reading"]
        try:
            with self._changing:
                if self._closed:
                    return "closed"
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 (ours)
            send(self._model, self._requests)
            answer = receive(self._answers)
        except OSError as error:
            return f"it cannot be started: {error.strerror}"
        except EOFError:
            return "it died while it loaded the model"
        if isinstance(answer, Failed):
            return f"it cannot load the model: {answer.exception}"
        if (answer.sha256, answer.version) != (self._description.sha256, self._description.version):
            return "the model folder holds another model now"
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
            raise ReadingFailedError(answer.exception)
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
