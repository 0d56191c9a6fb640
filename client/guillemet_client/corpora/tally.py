"""What a run found, counted and said."""

import time
from collections import Counter
from typing import Any

_TOP_SPEAKERS = 5


class Tally:
    """Counts of an output, and the speed of the run that adds to it."""

    def __init__(self) -> None:
        self.n_before = 0
        self.n_documents = 0
        self.n_quotations = 0
        self._n_words = 0
        self._speakers: Counter[str] = Counter()
        self._began_at = time.monotonic()

    def add_earlier(self, document: dict[str, Any]) -> None:
        """Count a document of an earlier run."""
        self.n_before += 1
        self._count(document)

    def add(self, document: dict[str, Any]) -> None:
        """Count a document of this run."""
        self._n_words += len(document["text"].split())
        self._count(document)

    def _count(self, document: dict[str, Any]) -> None:
        self.n_documents += 1
        self.n_quotations += len(document["quotations"])
        names = {entity["id"]: entity["name"] for entity in document["entities"]}
        said_by = (quotation["speaker"] for quotation in document["quotations"])
        self._speakers.update(names[speaker] for speaker in said_by if speaker in names)

    @property
    def n_answered(self) -> int:
        """Documents of this run."""
        return self.n_documents - self.n_before

    def lines(self) -> list[tuple[str, str]]:
        """Return the summary: names with their values."""
        seconds = time.monotonic() - self._began_at
        before = f", {self.n_before:,} of them from before" if self.n_before else ""
        top = ", ".join(f"{name} ({count:,})" for name, count in self._speakers.most_common(_TOP_SPEAKERS))
        return [
            ("documents", f"{self.n_documents:,}{before}"),
            ("quotations", f"{self.n_quotations:,}"),
            ("top speakers", top or "none"),
            ("speed", f"{self._n_words / seconds:,.0f} words/s, {self.n_answered / seconds:,.1f} documents/s"),
        ]
