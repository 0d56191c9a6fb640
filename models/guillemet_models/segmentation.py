"""Text -> quoted regions and paragraphs, without changing a character.

A region is what stands between two quotation marks (« », “ ”, straight, ‹ ›, „ “, nested in any way) or after a dialogue dash.
Real text is not well formed: marks are left open, closed twice, stranded on the line above, or opened again on each paragraph
of one long quotation. Every rule here ends in some region or in none, never in an error.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from guillemet_models.document import Span

CLOSERS = {"«": "»", "“": "”", "‹": "›", "„": "“"}
# A mark left open may be closed in a later paragraph, but not any number of them later.
PARAGRAPHS_KEPT_OPEN = 4
# Nobody nests deeper or looks further; without bounds a text of marks alone would take time that grows with its square.
MAX_DEPTH = 8
MARKS_AHEAD = 40

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
    reach: int = 0  # the end of what was found inside


def paragraphs(text: str) -> list[Span]:
    """Return the lines of `text` that hold more than white space, in order, each from where it is indented to."""
    lines = ((found.end(), found.group().lstrip()) for found in _PARAGRAPH.finditer(text))
    return [Span(end - len(line), end) for end, line in lines if line]


def quoted_regions(text: str) -> list[Region]:
    """Return the regions of `text`, in the order of their first character, the outer before the inner."""
    regions = [
        Region(Span(block.begin + 2, block.end), 1, Boundary.DASH)
        for block in paragraphs(text)
        if _DASH.match(text, block.begin)
    ]
    regions += _Scanner(text).regions()
    return sorted((region for region in regions if region.span.end - region.span.begin > 1), key=_order)


class _Scanner:
    """Reads the marks of a text from left to right, and keeps those still open on a stack."""

    def __init__(self, text: str) -> None:
        blocks = paragraphs(text)
        self.text = text
        self.begins = [block.begin for block in blocks]
        self.ends = [block.end for block in blocks]
        self.marks = [(found.start(), found.group()) for found in _MARK.finditer(text)]
        self.opened: list[_Open] = []
        self.found: list[Region] = []

    def regions(self) -> list[Region]:
        """Return the regions between marks, in no order."""
        for index, (position, mark) in enumerate(self.marks):
            paragraph = bisect_right(self.begins, position) - 1
            # What can no longer be closed ends with the paragraph in which it began.
            while self.opened and paragraph > self.opened[-1].paragraph + PARAGRAPHS_KEPT_OPEN:
                self._give_up()
            if self._goes_on(position, mark, paragraph):
                self.opened[-1].paragraph = paragraph
            elif mark == '"':
                self._straight(position, paragraph)
            elif not self._close(position, mark) and mark in CLOSERS:
                if self.opened and self.opened[-1].closer == CLOSERS[mark] and not _closes_twice(self.marks, index):
                    # The same mark again before its closer: the first one was never closed.
                    self._give_up(position)
                self._open(position, CLOSERS[mark], paragraph)
        while self.opened:
            self._give_up()
        return self.found

    def _goes_on(self, position: int, mark: str, paragraph: int) -> bool:
        """Tell whether a mark at the start of a paragraph repeats that of a quotation which goes on («, or » in old style)."""
        if not self.opened or paragraph <= self.opened[-1].paragraph or position != self.begins[paragraph]:
            return False
        closer = self.opened[-1].closer
        if mark not in {closer, _opener(closer)}:
            return False
        closes = mark == closer != '"' and self.text[position + 1 : position + 2] in {",", ".", ";", "\n", "\r"}
        return not closes

    def _straight(self, position: int, paragraph: int) -> None:
        if self.opened and self.opened[-1].closer == '"' and not _must_open(self.text, position):
            self._close(position, '"')
        elif _may_open(self.text, position):
            self._open(position, '"', paragraph)

    def _open(self, position: int, closer: str, paragraph: int) -> None:
        if len(self.opened) == MAX_DEPTH:
            self._give_up(position)
        self.opened.append(_Open(position, closer, paragraph))

    def _close(self, position: int, mark: str) -> bool:
        """Close the innermost region that `mark` can close, and give up those inside it; tell whether there was one."""
        depths = (depth for depth in range(len(self.opened) - 1, -1, -1) if self.opened[depth].closer == mark)
        depth = next(depths, None)
        if depth is None:
            return False
        while len(self.opened) > depth + 1:
            self._give_up(position)
        self._end(self.opened.pop(), position + 1)
        return True

    def _give_up(self, limit: int | None = None) -> None:
        """End the innermost region, which nothing closes, with its last paragraph or before `limit`."""
        region = self.opened.pop()
        end = max(self.ends[region.paragraph], region.reach)
        end = end if limit is None else min(end, limit)
        self._end(region, max(end, region.begin + 1))

    def _end(self, region: _Open, end: int) -> None:
        self.found.append(Region(Span(region.begin, end), len(self.opened) + 1, Boundary.MARKS))
        if self.opened:
            # What is around it must not end before it.
            self.opened[-1].reach = max(self.opened[-1].reach, end, region.reach)


def _order(region: Region) -> tuple[int, int]:
    return region.span.begin, -region.span.end


def _opener(closer: str) -> str:
    return next((mark for mark, other in CLOSERS.items() if other == closer), closer)


def _closes_twice(marks: list[tuple[int, str]], index: int) -> bool:
    """Tell whether the opening mark at `index` stands inside another of its style: both will be closed."""
    mark = marks[index][1]
    balance = 0
    for _, other in marks[index + 1 : index + 1 + MARKS_AHEAD]:
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
    return (
        bool(follows)
        and (not follows.isspace() or before.isspace() or not before)
        and (not before.isalnum() or follows.isalnum())
    )


def _must_open(text: str, position: int) -> bool:
    """Tell whether a straight mark can only open: white space before it, a letter behind it."""
    before, follows = text[position - 1 : position], text[position + 1 : position + 2]
    return (before == "" or before.isspace() or before in "('’«“") and follows.isalnum()
