"""Places for the words of another system's answer in a text, where its offsets count something else.

Systems rewrite a text before they read it (GenderGapTracker turns no-break spaces into spaces and curly marks into straight
ones), or count tokens (Citron's extractor). Words are compared without white space, asterisks and repeated full stops, with
marks, apostrophes, dashes and composed letters made alike. If offsets hold for most of the words of a document they are
trusted; else words that stand at one place only show how offsets grow along the text, and the others go to the place nearest
to where theirs point.
"""

import bisect
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from guillemet_client import Span
from guillemet_evaluation.documents import Document, Entity, Quotation

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("«»“”„‟〝〞", '"'),
        **dict.fromkeys("‘’‚‛ʼ´`", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("*\u00ad\u200b\ufeff"),
    }
)


class Unplaced(StrEnum):
    """Why words have no place in a text."""

    ABSENT = "are not in the text"
    AMBIGUOUS = "stand at several places of the text, and the offsets point to none of them"


@dataclass(frozen=True, slots=True)
class Claim:
    """Words, and where a system says that they stand."""

    words: str
    begin: int
    """In whatever unit grows along the text."""
    end: int


def placed(text: str, claims: Mapping[str, Claim]) -> dict[str, Span | Unplaced]:
    """Return the place of each claim in `text`, by its key."""
    index = _Index(text)
    stated = {key: index.stated(claim) for key, claim in claims.items()}
    is_trusted = 2 * sum(span is not None for span in stated.values()) > len(claims)
    choices = {
        key: [span] if is_trusted and (span := stated[key]) is not None else index.occurrences(claim.words)
        for key, claim in claims.items()
    }
    anchors = sorted((claims[key].begin, spans[0].begin) for key, spans in choices.items() if len(spans) == 1)
    return {key: _nearest(spans, claims[key].begin, anchors) for key, spans in choices.items()}


def moved(document: Document, text: str) -> tuple[Document, list[tuple[str, Unplaced]]]:
    """Return the document on another state of its text, and the paths of the fields whose words have no place there.

    What has no place is left out: a cue, a source or a mention; a quotation then has no spans.
    """
    places = placed(text, {path: Claim(span.of(document.text), *span) for path, span in _spans(document)})

    def at(path: str) -> Span | None:
        place = places.get(path)
        return place if isinstance(place, Span) else None

    def entity(index: int, old: Entity) -> Entity:
        mentions = (at(f"entities[{index}].mentions[{number}]") for number in range(len(old.mentions)))
        return replace(old, mentions=tuple(mention for mention in mentions if mention is not None))

    def quotation(index: int, old: Quotation) -> Quotation:
        path = f"quotations[{index}]"
        spans = [at(f"{path}.spans[{number}]") for number in range(len(old.spans))]
        found = tuple(span for span in spans if span is not None)
        whole = found if len(found) == len(spans) else ()
        return replace(old, spans=whole, cue=at(f"{path}.cue"), source=at(f"{path}.source"))

    there = replace(
        document,
        text=text,
        entities=tuple(entity(index, old) for index, old in enumerate(document.entities)),
        quotations=tuple(quotation(index, old) for index, old in enumerate(document.quotations)),
    )
    return there, [(path, place) for path, place in places.items() if isinstance(place, Unplaced)]


def _spans(document: Document) -> Iterator[tuple[str, Span]]:
    for index, entity in enumerate(document.entities):
        yield from ((f"entities[{index}].mentions[{number}]", span) for number, span in enumerate(entity.mentions))
    for index, quotation in enumerate(document.quotations):
        path = f"quotations[{index}]"
        yield from ((f"{path}.spans[{number}]", span) for number, span in enumerate(quotation.spans))
        yield from ((f"{path}.{name}", span) for name in ("cue", "source") if (span := getattr(quotation, name)) is not None)


def _nearest(spans: Sequence[Span], begin: int, anchors: Sequence[tuple[int, int]]) -> Span | Unplaced:
    if not spans:
        return Unplaced.ABSENT
    if len(spans) == 1:
        return spans[0]
    if not anchors:
        return Unplaced.AMBIGUOUS
    expected = _expected(begin, anchors)
    nearest, second = sorted(spans, key=lambda span: abs(span.begin - expected))[:2]
    is_tie = abs(nearest.begin - expected) == abs(second.begin - expected)
    return Unplaced.AMBIGUOUS if is_tie else nearest


def _expected(begin: int, anchors: Sequence[tuple[int, int]]) -> float:
    """Return about where an offset points, from those whose places are known, in order."""
    after = bisect.bisect_left(anchors, (begin, 0))
    before = anchors[after - 1] if after else (0, 0)
    # Beyond the last one offsets go on as they grew so far.
    beyond = anchors[after] if after < len(anchors) else (2 * before[0], 2 * before[1])
    width = beyond[0] - before[0]
    return before[1] + (begin - before[0]) * (beyond[1] - before[1]) / width if width else beyond[1]


class _Index:
    """A text, made ready for comparing words with it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.key, self.origins = _keyed(text)

    def stated(self, claim: Claim) -> Span | None:
        """Return the span of the claim itself, trimmed, if its words stand there."""
        words = self.text[claim.begin : claim.end] if 0 <= claim.begin < claim.end <= len(self.text) else ""
        if not words.strip() or _keyed(words)[0] != _keyed(claim.words)[0]:
            return None
        return Span(claim.begin + len(words) - len(words.lstrip()), claim.end - len(words) + len(words.rstrip()))

    def occurrences(self, words: str) -> list[Span]:
        """Return where the words stand; inside of other words only if nowhere else."""
        key, _ = _keyed(words)
        found = []
        at = self.key.find(key) if key else -1
        while at >= 0:
            last = at + len(key) - 1
            is_cut = at > 0 and self.origins[at] == self.origins[at - 1]
            is_cut = is_cut or (last + 1 < len(self.origins) and self.origins[last] == self.origins[last + 1])
            if not is_cut:
                found.append(Span(self.origins[at], self.origins[last] + 1))
            at = self.key.find(key, at + 1)
        return [span for span in found if self._is_whole(span)] or found

    def _is_whole(self, span: Span) -> bool:
        first = self.text[max(0, span.begin - 1) : span.begin + 1]
        last = self.text[span.end - 1 : span.end + 1]
        return not (len(first) == 2 and first.isalnum()) and not (
            len(last) == 2 and (last.isalnum() or unicodedata.combining(last[1]))
        )


def _keyed(text: str) -> tuple[str, list[int]]:
    """Return what of a text is compared, and for each of its characters the offset that it comes from."""
    characters: list[str] = []
    origins: list[int] = []
    for offset, character in enumerate(text):
        for alike in unicodedata.normalize("NFKD", character).translate(_ALIKE):
            is_repeated_stop = alike == "." and characters[-1:] == ["."]
            if not alike.isspace() and not is_repeated_stop:
                characters.append(alike)
                origins.append(offset)
    return "".join(characters), origins
