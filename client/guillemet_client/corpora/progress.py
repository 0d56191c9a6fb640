"""A bar on the terminal while a corpus is read; nothing where there is no terminal."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from guillemet_client.printing import shown


class Bar:
    """How far a run is, in bytes of its input; and lines beside it.

    Args:
        progress: Shows it.
        n_bytes: Of all input; 0 where that is not known.
    """

    def __init__(self, progress: Progress, n_bytes: int) -> None:
        self._progress = progress
        self._n_bytes = float(n_bytes)
        self._began_at = time.monotonic()
        self._n_documents = 0
        self._task = progress.add_task("", total=n_bytes or None, documents="0 documents", rate="")

    def answered(self, n_bytes: float) -> None:
        """Count a document."""
        self._n_documents += 1
        self._progress.update(
            self._task,
            advance=n_bytes,
            documents=f"{self._n_documents:,} documents",
            rate=f"{self._n_documents / (time.monotonic() - self._began_at):,.1f}/s",
        )

    def passed_over(self, n_bytes: float) -> None:
        """Leave out what costs no time: else the rest would seem to go as fast."""
        if self._n_bytes:
            self._n_bytes -= n_bytes
            self._progress.update(self._task, total=self._n_bytes)

    def say(self, line: str) -> None:
        """Print a line to standard error."""
        self._progress.console.print(shown(line), soft_wrap=True)


class _Notices(logging.Handler):
    """Says what the client logs: that it waits for the server, and why."""

    def __init__(self, bar: Bar) -> None:
        super().__init__(logging.INFO)
        self._bar = bar

    def emit(self, record: logging.LogRecord) -> None:
        self._bar.say(f"guillemet: {record.getMessage()}")


@contextmanager
def shown_bar(n_bytes: int) -> Iterator[Bar]:
    """Show a bar until the block ends."""
    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[documents]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    with Progress(*columns, console=console, transient=True, refresh_per_second=4, disable=not is_terminal) as progress:
        bar = Bar(progress, n_bytes)
        log, notices = logging.getLogger("guillemet_client"), _Notices(bar)
        level = log.level
        log.addHandler(notices)
        log.setLevel(logging.INFO)
        try:
            yield bar
        finally:
            log.removeHandler(notices)
            log.setLevel(level)
