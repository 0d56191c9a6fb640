"""Spans -> the characters that are compared, without what is delimited now this way, now that, and means nothing."""

import re
from collections.abc import Sequence

from guillemet_client import Span

MARKS = frozenset("«»“”„‟\"'’‘‚‹›")
_DASHES = frozenset("—–-")
# Trimmed from both ends of each span, with all white space.
EDGES = MARKS | _DASHES | frozenset(":;,.!?…\u200b\ufeff")

# A capital begins a sentence: that « Que » is said, not introducing.
_CONJUNCTION = re.compile(r"qu(?:e\s|['’])")


def trimmed(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return `spans` without the marks, punctuation and white space at their ends, and without « que » if it introduces them.

    « que » behind a mark or a dash is said and stays. A span of which nothing is left is left out.
    """
    found = (_trimmed(text, *span) for span in spans)
    return tuple(span for span in found if span.begin < span.end)


def _trimmed(text: str, begin: int, end: int) -> Span:
    first = _edge(text, begin, end)
    is_marked = any(character in MARKS or character in _DASHES for character in text[begin:first])
    if not is_marked and (conjunction := _CONJUNCTION.match(text, first, end)):
        first = _edge(text, conjunction.end(), end)
    while end > first and _is_edge(text[end - 1]):
        end -= 1
    return Span(first, end)


def _edge(text: str, begin: int, end: int) -> int:
    while begin < end and _is_edge(text[begin]):
        begin += 1
    return begin


def _is_edge(character: str) -> bool:
    return character in EDGES or character.isspace()
