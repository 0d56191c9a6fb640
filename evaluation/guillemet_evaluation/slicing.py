"""The slices that quotations are put into: by outlet, marks, length, and by what their source demands of who resolves it.

Gold and predictions are put into slices by the same rules, each by its own annotation; by "resolution" a prediction that
matches is put where its gold quotation is.
"""

import bisect
import itertools
import re
from collections import Counter
from collections.abc import Iterable

from guillemet_client import Span
from guillemet_evaluation.documents import Document, Entity, Quotation
from guillemet_evaluation.judging import Side
from guillemet_evaluation.sources import RESOLUTIONS, resolution

# Outlets beyond the most frequent are one slice.
MOST_OUTLETS = 20
OTHER_OUTLETS = "(others)"
NO_OUTLET = "(not said)"

# Upper ends, in characters.
LENGTHS = (50, 150, 300)
DISTANCES = (100, 500)

_GUILLEMETS, _CURLY, _STRAIGHT, _SINGLE = "« »", "“ ”", '" "', "‹ › ‘ ’"
_STYLES = dict.fromkeys("«»", _GUILLEMETS) | dict.fromkeys("“”„‟", _CURLY) | {'"': _STRAIGHT} | dict.fromkeys("‹›‘‚", _SINGLE)
_DASHES = frozenset("—–-")
_DIALOGUE = re.compile(r"(?:\A|\n)[^\S\n]*[—–-][^\S\n]*\Z")
_DASH_REACH = 5

# Every slice but the outlets, in the order in which they are shown.
VALUES = {
    "marks": (_GUILLEMETS, _CURLY, _STRAIGHT, _SINGLE, "dash", "none"),
    "length": ("up to 50", "51–150", "151–300", "over 300"),
    "source_position": ("before", "inside", "after", "none"),
    "resolution": RESOLUTIONS,
    "antecedent": ("the source", "up to 100", "101–500", "over 500", "later", "none"),
}
"""In characters: "length", of the trimmed content; "antecedent", from the source or, without one, from the content back to the
nearest mention of the speaker, which may be the source itself, or stand only later."""


def outlet(document: Document) -> str:
    """Return the attribute ``outlet``, or else ``source`` up to its first colon, if they are strings."""
    own, source = (said if isinstance(said := document.attributes.get(name), str) else "" for name in ("outlet", "source"))
    return own or source.partition(":")[0].strip() or NO_OUTLET


def outlets_kept(documents: Iterable[Document]) -> frozenset[str]:
    """Return the outlets that are slices of their own."""
    return frozenset(name for name, _ in Counter(map(outlet, documents)).most_common(MOST_OUTLETS))


def slices_of(side: Side) -> list[dict[str, str]]:
    """Return, for each quotation, into which slice it falls, by what the slices are cut; unplaced ones fall into none."""
    return [
        {
            "marks": _marks(side.document.text, quotation),
            "length": _length(content.spans),
            "source_position": _source_position(quotation),
            "resolution": resolution(side.document, quotation, speaker),
            "antecedent": _antecedent(quotation, speaker),
        }
        if content.spans
        else {}
        for quotation, content, speaker in zip(side.quotations, side.contents, side.speakers, strict=True)
    ]


def _marks(text: str, quotation: Quotation) -> str:
    """Return the style of the first mark of a content, or of the dash that it stands behind."""
    begin = quotation.spans[0].begin
    if text[begin] in _DASHES or _DIALOGUE.search(text, max(0, begin - _DASH_REACH), begin):
        return "dash"
    characters = itertools.chain.from_iterable(span.of(text) for span in quotation.spans)
    return next((_STYLES[character] for character in characters if character in _STYLES), "none")


def _length(spans: Iterable[Span]) -> str:
    return VALUES["length"][bisect.bisect_left(LENGTHS, sum(end - begin for begin, end in spans))]


def _source_position(quotation: Quotation) -> str:
    if quotation.source is None:
        return "none"
    if quotation.source.begin < quotation.spans[0].begin:
        return "before"
    return "after" if quotation.source.begin >= quotation.spans[-1].end else "inside"


def _antecedent(quotation: Quotation, speaker: Entity | None) -> str:
    if speaker is None or not speaker.mentions:
        return "none"
    begin, end = quotation.source or quotation.spans[0][:1] * 2
    if any(mention.begin < end and begin < mention.end for mention in speaker.mentions):
        return "the source"
    before = [mention.end for mention in speaker.mentions if mention.end <= begin]
    if not before:
        return "later"
    return VALUES["antecedent"][1 + bisect.bisect_left(DISTANCES, begin - max(before))]
