"""The same article as another outlet would set it: other quotation marks, other spaces, accents and paragraph breaks lost.

Every change is an edit of known characters, so that spans move along exactly; names, roles and institutions stay the strings
that they were, and corpus.py finds them however they are set.
"""

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guillemet_models.segmentation import Boundary, quoted_regions
from guillemet_models.training.values import Share

# Opening and closing of each style, with the spaces that go with it.
MARK_STYLES = (("« ", " »"), ("«\u00a0", "\u00a0»"), ("«", "»"), ("“", "”"), ('"', '"'))
# Capitals without their accents, as typewriters set them.
BARE_CAPITALS = str.maketrans("ÀÂÇÉÈÊÎÔ", "AACEEEIO")
_MARKS = frozenset('«»“”„‹›"')


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters from `begin` to `end` become `replacement`."""

    begin: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How often each change is made."""

    renamed: Share = 0.5  # see renaming.py
    other_marks: Share = 0.4
    lost_breaks: Share = 0.05
    glued: Share = 0.05
    lost_spaces: Share = 0.2  # of the spaces behind a full stop, in an article that is glued
    doubled: Share = 0.03
    doubled_spaces: Share = 0.1  # of the spaces, in an article that is doubled
    bare_capitals: Share = 0.1  # « À » and « É » without their accents
    shouted: Share = 0.05  # the first line in capitals


def vary(document: dict[str, Any], chance: Augmentation, random_source: random.Random) -> dict[str, Any]:
    """Return `document`, possibly changed."""
    text: str = document["text"]
    edits: list[Edit] = []
    if random_source.random() < chance.other_marks:
        edits += marks_as(text, random_source.choice(MARK_STYLES))
    joins = random_source.random() < chance.lost_breaks
    glues = random_source.random() < chance.glued
    doubles = random_source.random() < chance.doubled
    bares = random_source.random() < chance.bare_capitals
    title = text.find("\n") if random_source.random() < chance.shouted else 0
    for index, character in enumerate(text):
        if index < title and len(character.upper()) == 1 and character.islower():
            edits.append(Edit(index, index + 1, character.upper()))
        if bares and ord(character) in BARE_CAPITALS:
            edits.append(Edit(index, index + 1, character.translate(BARE_CAPITALS)))
        if doubles and character == " " and random_source.random() < chance.doubled_spaces:
            edits.append(Edit(index, index + 1, "  "))
        if joins and character == "\n":
            edits.append(Edit(index, index + 1, random_source.choice((" ", " ", ""))))
        if glues and character == " " and text[index - 1 : index] == "." and random_source.random() < chance.lost_spaces:
            edits.append(Edit(index, index + 1, ""))
    return apply(document, edits)


def marks_as(text: str, style: tuple[str, str]) -> list[Edit]:
    """Return the edits that set the outermost regions of `text` between the marks of `style`."""
    edits = []
    for region in quoted_regions(text):
        begin, end = region.span
        if region.depth > 1 or region.boundary is not Boundary.MARKS or text[end - 1] not in _MARKS or end - begin < 4:
            continue
        inner_begin, inner_end = begin + 1, end - 1
        while inner_begin < inner_end and text[inner_begin] in " \u00a0\u202f\u2009":
            inner_begin += 1
        while inner_end > inner_begin and text[inner_end - 1] in " \u00a0\u202f\u2009":
            inner_end -= 1
        edits += [Edit(begin, inner_begin, style[0]), Edit(inner_end, end, style[1])]
    return edits


def apply(document: dict[str, Any], edits: Sequence[Edit]) -> dict[str, Any]:
    """Return `document` with its text edited and every span moved along; overlapping edits are left out."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.begin, edit.end)):
        if not kept or edit.begin >= kept[-1].end:
            kept.append(edit)
    if not kept:
        return document
    text: str = document["text"]
    pieces, shifts, shift, place = [], [], 0, 0
    for edit in kept:
        pieces += [text[place : edit.begin], edit.replacement]
        place = edit.end
        shift += len(edit.replacement) - (edit.end - edit.begin)
        shifts.append(shift)
    pieces.append(text[place:])
    begins = [edit.begin for edit in kept]

    def moved(position: int, *, is_end: bool) -> int:
        index = bisect_right(begins, position - 1 if is_end else position) - 1
        if index < 0:
            return position
        edit, before = kept[index], shifts[index - 1] if index else 0
        if position >= edit.end:
            return position + shifts[index]
        if position == edit.begin:
            return position + before
        # In the middle of what was replaced: an end falls back before it, a begin moves behind it.
        return edit.begin + before + (0 if is_end else len(edit.replacement))

    def span(old: Sequence[int] | None) -> list[int] | None:
        return [moved(old[0], is_end=False), moved(old[1], is_end=True)] if old else None

    new_text = "".join(pieces)
    entities = [{**entity, "mentions": [span(mention) for mention in entity["mentions"]]} for entity in document["entities"]]
    quotations = [
        {
            **quotation,
            "spans": [span(part) for part in quotation["spans"]],
            "cue": span(quotation["cue"]),
            "source": span(quotation["source"]),
        }
        for quotation in document["quotations"]
    ]
    return {**document, "text": new_text, "entities": entities, "quotations": quotations}
