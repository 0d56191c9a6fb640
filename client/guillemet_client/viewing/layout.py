"""Marks of a text, which may nest, cross and be interrupted, laid out as elements, which can only nest."""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import TypeAlias

from guillemet_client.viewing.markup import escape, start_tag

Stretch: TypeAlias = tuple[int, int]
"""Half-open, in code points of the text."""

# What stands between line ends and is not blank.
_PARAGRAPH = re.compile(r"[^\r\n\u2028\u2029]*[^\s\u2028\u2029][^\r\n\u2028\u2029]*")


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Something said of stretches of a text."""

    spans: Sequence[Stretch]
    """Disjoint, in order, in the text."""
    attributes: Mapping[str, str]
    """Of each element: one a stretch, and more where it crosses another mark or the end of a paragraph."""
    call: str = ""
    """HTML behind the last element; it holds no characters, so that those of the paragraphs are the text's."""


@dataclass(frozen=True, slots=True, eq=False)
class _Segment:
    """A stretch in which no mark begins or ends."""

    begin: int
    end: int
    marks: Sequence[Mark]
    """From the outermost to the innermost."""


def laid_out(text: str, marks: Sequence[Mark]) -> str:
    """Return `text` as paragraphs with its marks.

    Args:
        text: Its characters are those of the HTML, line ends included.
        marks: Of two with the same extent the first is the outer one.
    """
    paragraphs = list(_paragraphs(text, marks))
    last = {mark: segment for paragraph in paragraphs for segment in paragraph for mark in segment.marks}
    parts: list[str] = []
    done = 0
    for paragraph in paragraphs:
        parts += [escape(text[done : paragraph[0].begin]), "<p>", *_inline(text, paragraph, last), "</p>"]
        done = paragraph[-1].end
    return "".join([*parts, escape(text[done:])])


def _paragraphs(text: str, marks: Sequence[Mark]) -> Iterator[list[_Segment]]:
    cuts = deque(sorted({position for mark in marks for span in mark.spans for position in span}))
    stretches = [(begin, end, mark) for mark in marks for begin, end in mark.spans]
    coming = deque(sorted(stretches, key=lambda stretch: (stretch[0], -stretch[1])))
    held: list[tuple[int, int, Mark]] = []
    for match in _PARAGRAPH.finditer(text):
        positions = [match.start()]
        while cuts and cuts[0] < match.end():
            if (cut := cuts.popleft()) > match.start():
                positions.append(cut)
        paragraph: list[_Segment] = []
        for begin, end in pairwise([*positions, match.end()]):
            while coming and coming[0][0] <= begin:
                held.append(coming.popleft())
            held = [stretch for stretch in held if stretch[1] > begin]
            paragraph.append(_Segment(begin, end, [mark for _, _, mark in held]))
        yield paragraph


def _inline(text: str, paragraph: Sequence[_Segment], last: Mapping[Mark, _Segment]) -> Iterator[str]:
    n_open = 0
    beyond = [segment.marks for segment in paragraph[1:]]
    for segment, following in zip(paragraph, [*beyond, []], strict=True):
        for mark in segment.marks[n_open:]:
            yield start_tag("span", mark.attributes)
        yield escape(text[segment.begin : segment.end])
        n_open = _n_shared(segment.marks, following)
        for mark in reversed(segment.marks[n_open:]):
            yield "</span>"
            if last[mark] is segment:
                yield mark.call


def _n_shared(one: Sequence[Mark], other: Sequence[Mark]) -> int:
    """Return with how many of the same marks both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(one, other, strict=False)))
