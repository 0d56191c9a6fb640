"""The documents that have no answer, each with the reason, in a file of their own."""

import json
from pathlib import Path
from typing import IO

from guillemet_client._errors import GuillemetError
from guillemet_client.connecting import sentence_of
from guillemet_client.corpora.reading import Given, Rejected, name_in_messages


class Failures:
    """A file of JSON lines that is made with the first failure, and says what became of this run alone.

    Args:
        path: Removed if it is there, for it tells of an earlier run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: IO[str] | None = None
        path.unlink(missing_ok=True)

    def add(self, document: Given | Rejected, failure: Rejected | GuillemetError) -> str:
        """Write down why a document has no answer; return it as a line to show."""
        self.count += 1
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        message = sentence_of(failure) if isinstance(failure, GuillemetError) else failure.message
        line = {"id": document.id, "place": document.place, "reason": failure.reason, "message": message}
        self._file.write(f"{json.dumps(line, ensure_ascii=False)}\n")
        self._file.flush()
        return f"{name_in_messages(document)}: {message}"

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
