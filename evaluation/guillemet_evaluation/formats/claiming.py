"""From the words of another system's answer, and the offsets it gives them, to a document in the one format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guillemet_client import Span
from guillemet_evaluation.formats.files import Intake
from guillemet_evaluation.formats.placing import Claim, Unplaced, placed
from guillemet_evaluation.formats.scheme import hull
from guillemet_evaluation.validation import Fault


@dataclass(frozen=True, slots=True)
class ClaimedQuotation:
    """A quotation as a system states it; each claim is named by the path of its field."""

    contents: Sequence[str]
    cue: str | None
    sources: Sequence[str]
    said: Mapping[str, Any]
    """Further fields of the one format."""


@dataclass(slots=True)
class ClaimedDocument:
    """A document as a system states it."""

    id: str
    where: str
    """In the file or folder, for faults."""
    intake: Intake
    claims: dict[str, Claim] = field(default_factory=dict)
    quotations: list[ClaimedQuotation] = field(default_factory=list)

    def fault(self, path: str, reason: str) -> None:
        """Say what is wrong with a field."""
        self.intake.collected.fault(Fault(reason, self.where, self.id, path))

    def text(self, own: Any = None) -> str | None:
        """Return the text that the file holds, or else that of its name, whose id the document then has; None after a fault."""
        if isinstance(own, str):
            return own
        if own is not None:
            self.fault("text", "is no string")
            return None
        named = self.intake.text_named(self.id)
        if named is None:
            self.fault("text", "is neither here nor, by the name of the file, among the texts that were given")
            return None
        self.id, text = named
        return text

    def place(self, text: str) -> None:
        """Add the document to what is collected, unless words without a place are a fault."""
        n_faults = self.intake.collected.n_faults
        places = placed(text, self.claims)
        for path, place in places.items():
            if isinstance(place, Unplaced):
                self.intake.unplaced(Fault(f"its words {place}", self.where, self.id, path))
        if self.intake.collected.n_faults == n_faults:
            found = {path: place for path, place in places.items() if isinstance(place, Span)}
            values = [_value(quotation, found) for quotation in self.quotations]
            in_order = sorted(values, key=lambda value: value["spans"][0][0] if value["spans"] else len(text))
            self.intake.collected.add(self.where, {"id": self.id, "text": text, "quotations": in_order})


def _value(quotation: ClaimedQuotation, places: Mapping[str, Span]) -> dict[str, Any]:
    """Return a quotation in the one format; without spans if a part of its content has no place."""
    sources = [places[path] for path in quotation.sources if path in places]
    is_whole = places.keys() >= set(quotation.contents)
    cue = None if quotation.cue is None else places.get(quotation.cue)
    return {
        "spans": sorted(list(places[path]) for path in quotation.contents) if is_whole else [],
        "cue": cue and list(cue),
        "source": list(hull(sources)) if sources else None,
        **quotation.said,
    }
