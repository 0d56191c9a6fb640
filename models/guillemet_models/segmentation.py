"""Text -> quoted regions and paragraphs, without changing a character.

A region is what stands between two quotation marks (« », “ ”, straight, ‹ ›, „ “, nested in any way) or after a dialogue dash. Real
text is not well formed: marks are left open, closed twice, stranded on the line above, or opened again on each paragraph of
one long quotation. Every rule here ends in some region or in none, never in an error.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from guillemet_models.document import Span

CLOSERS = {"«": "»", "“": "”", "‹": "›", "„": "“"}
# A mark left open may be closed in a later paragraph, but not any number of them later.
PARAGRAPHS_KEPT_OPEN = 4

_MARK = re.compile('[«»“”„‹›"]')
_DASH = re.compile(r"[–—-][ \u00a0\u202f\u2009]")
_PARAGRAPH = re.compile(r"[^\r\n]+")


class Boundary(Enum):
    """What delimits a region."""

    MARKS = "marks"
    DASH = "dash"


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch between marks (marks included) or after a dialogue dash (dash excluded)."""

    span: Span
    depth: int  # 1 outside, 2 inside a region of depth 1, …
    boundary: Boundary


@dataclass(slots=True)
class _Open:
    begin: int
    closer: str
    paragraph: int


def paragraphs(text: str) -> list[Span]:
    """Return the lines of `text` that hold more than white space, in order."""
    return [Span(*found.span()) for found in _PARAGRAPH.finditer(text) if not found.group().isspace()]


def quoted_regions(text: str) -> list[Region]:
    """Return the regions of `text`, in the order of their first character, the outer before the inner."""
    blocks = paragraphs(text)
    regions = [Region(Span(block.begin + 2, block.end), 1, Boundary.DASH) for block in blocks if _DASH.match(text, block.begin)]
    begins = [block.begin for block in blocks]
    ends = [block.end for block in blocks]
    marks = [(found.start(), found.group()) for found in _MARK.finditer(text)]
    opened: list[_Open] = []
    for index, (position, mark) in enumerate(marks):
        paragraph = bisect_right(begins, position) - 1
        # What can no longer be closed ends with the paragraph in which it began.
        while opened and paragraph > opened[-1].paragraph + PARAGRAPHS_KEPT_OPEN:
            regions.append(_unclosed(opened, ends))
        innermost = opened[-1] if opened else None
        at_start = position == begins[paragraph]
        if innermost and at_start and paragraph > innermost.paragraph and mark in {_opener(innermost.closer), innermost.closer}:
            if _reopens(text, position, mark, innermost.closer):
                innermost.paragraph = paragraph
                continue
        if mark == '"':
            if innermost and innermost.closer == '"' and not _must_open(text, position):
                regions.append(_closed(opened, position))
            elif _may_open(text, position):
                opened.append(_Open(position, '"', paragraph))
            continue
        matching = next((depth for depth in range(len(opened) - 1, -1, -1) if opened[depth].closer == mark), None)
        if matching is not None:
            while len(opened) > matching + 1:
                regions.append(_unclosed(opened, ends, position))
            regions.append(_closed(opened, position))
        elif mark in CLOSERS:
            if innermost and innermost.closer == CLOSERS[mark] and not _closes_twice(marks, index):
                # The same mark again before its closer: the first one was never closed.
                regions.append(_unclosed(opened, ends, position))
            opened.append(_Open(position, CLOSERS[mark], paragraph))
    while opened:
        regions.append(_unclosed(opened, ends))
    return sorted((region for region in regions if region.span.end - region.span.begin > 1), key=_order)


def _order(region: Region) -> tuple[int, int]:
    return region.span.begin, -region.span.end


def _opener(closer: str) -> str:
    return next((mark for mark, other in CLOSERS.items() if other == closer), closer)


def _reopens(text: str, position: int, mark: str, closer: str) -> bool:
    """Tell whether a mark at the start of a paragraph repeats the mark of a quotation that goes on (» in old style)."""
    return not (mark == closer and mark != '"' and position + 1 < len(text) and text[position + 1] in ",.;\n\r")


def _closes_twice(marks: list[tuple[int, str]], index: int) -> bool:
    """Tell whether the opening mark at `index` stands inside another of its style: both will be closed."""
    mark = marks[index][1]
    balance = 0
    for _, other in marks[index + 1 :]:
        balance += (other == mark) - (other == CLOSERS[mark])
        if balance == -2:
            return True
        if balance > 0:
            return False
    return False


def _may_open(text: str, position: int) -> bool:
    """Tell whether a straight mark can open: words follow it at once, or nothing stands before it."""
    follows = text[position + 1 : position + 2]
    before = text[position - 1 : position]
    return bool(follows) and (not follows.isspace() or before in {"", "\n"}) and (not before.isalnum() or follows.isalnum())


def _must_open(text: str, position: int) -> bool:
    """Tell whether a straight mark can only open: white space before it, a letter behind it."""
    before, follows = text[position - 1 : position], text[position + 1 : position + 2]
    return (before == "" or before.isspace() or before in "('’«“") and follows.isalnum()


def _closed(opened: list[_Open], position: int) -> Region:
    region = opened.pop()
    return Region(Span(region.begin, position + 1), len(opened) + 1, Boundary.MARKS)


def _unclosed(opened: list[_Open], ends: list[int], limit: int | None = None) -> Region:
    """Close what nothing closes: at the end of its last paragraph, or before `limit`."""
    region = opened.pop()
    end = ends[region.paragraph]
    end = end if limit is None else min(end, limit)
    return Region(Span(region.begin, max(end, region.begin + 1)), len(opened) + 1, Boundary.MARKS)
