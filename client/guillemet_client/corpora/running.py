"""One run: the documents that have no answer yet are asked about, and their answers kept as they come."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing

from guillemet_client._client import Client
from guillemet_client._errors import GuillemetError
from guillemet_client.corpora.failures import Failures
from guillemet_client.corpora.interruption import Interruption
from guillemet_client.corpora.journal import Journal, UnusableOutput
from guillemet_client.corpora.progress import Bar
from guillemet_client.corpora.reading import Given, Rejected, name_in_messages
from guillemet_client.corpora.tally import Tally

_FAILURES_SHOWN = 20


class Run:
    """What one run reads from and writes to.

    Args:
        journal: Of the answers; those that are in it are not asked for, if they are of the same texts.
        failures: Of the documents without one.
        tally: Counts both.
        bar: Shows how far it is.
        interruption: Comes while documents are read, and ends `client` while answers are waited for.
    """

    def __init__(self, journal: Journal, failures: Failures, tally: Tally, bar: Bar, interruption: Interruption) -> None:
        self._journal = journal
        self._failures = failures
        self._tally = tally
        self._bar = bar
        self._interruption = interruption
        self._asked: deque[Given] = deque()

    def answer(self, documents: Iterable[Given | Rejected], client: Client, *, concurrency: int, patience: float) -> None:
        """Ask about the documents; answers enter the journal in the order of the documents.

        Raises:
            GuillemetError: The server failed for good.
            UnusableOutput: An answer from before is of another text; the journal is what it was.
            OSError: The journal cannot be written.
        """
        answered: dict[str, int] = {}  # of each id a hash of its text, which would fill the memory
        with self._interruption.raising():
            for earlier in self._journal.documents():
                answered[earlier["id"]] = hash(earlier["text"])
                self._tally.add_earlier(earlier)
        texts = self._texts(documents, answered)
        outcomes = client.extract_iter(texts, errors="return", max_in_flight=concurrency, patience=patience)
        try:
            with closing(outcomes):
                for outcome in outcomes:
                    given = self._asked.popleft()
                    if isinstance(outcome, GuillemetError):
                        self._fail(given, outcome)
                    else:
                        document = outcome.to_json() | {"id": given.id}
                        self._journal.append(document)
                        self._tally.add(document)
                    self._bar.answered(given.n_bytes)
        except UnusableOutput:
            self._journal.undo()
            raise
        finally:
            self._journal.sync()

    def _texts(self, documents: Iterable[Given | Rejected], answered: Mapping[str, int]) -> Iterator[str]:
        remaining = iter(documents)
        while True:
            with self._interruption.raising():
                document = next(remaining, None)
            if document is None:
                return
            if isinstance(document, Rejected):
                self._fail(document, document)
                self._bar.passed_over(document.n_bytes)
            elif document.id in answered:
                if answered[document.id] != hash(document.text):
                    raise UnusableOutput(
                        f"{name_in_messages(document)}: its answer from before is of another text: restore the input, "
                        "or --force begins anew"
                    )
                self._bar.passed_over(document.n_bytes)
            else:
                self._asked.append(document)
                yield document.text

    def _fail(self, document: Given | Rejected, failure: Rejected | GuillemetError) -> None:
        line = self._failures.add(document, failure)
        if self._failures.count <= _FAILURES_SHOWN:
            self._bar.say(f"guillemet: {line}")
        elif self._failures.count == _FAILURES_SHOWN + 1:
            self._bar.say(f"guillemet: further failures are only written to {self._failures.path}")
