"""The institutions of a text, in full words: what its acronyms are short for."""

import re

from guillemet_models.attribution import Evidence
from guillemet_models.document import EntityKind, Span
from guillemet_models.folding import CAPITAL, WORD, fold
from guillemet_models.mentions import bare, is_inside_name, kind_of, names_inside
from guillemet_models.scheme import SpanKind

# Behind the name that it is short for.
_IN_BRACKETS = re.compile(rf"\(({CAPITAL}[\w.&-]{{1,9}})\)")
_LONGEST_IN_BRACKETS = 12
_ACRONYM = re.compile(rf"{CAPITAL}[^\W\d_]{{0,5}}{CAPITAL}")
_LONGEST_NAME = 120
# What an acronym may leave out of the name.
_PARTICLES = frozenset({"a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "pour", "sur"})
# Of an office that one is elected to, and of what follows it.
_OFFICE = re.compile(
    r"\b(?:adjoint|candidat|conseill(?:er|ère)|(?:euro)?député|élu|maire|sénat(?:eur|rice))e?s?\s"
    r"(?:(?:départementa|européen|métropolitain|municipa|régiona|sortant)\w*\s)?$",
    re.IGNORECASE,
)
_LONGEST_OFFICE = 32
_PARTY = re.compile(rf"({_ACRONYM.pattern})\s(?:(?:à|aux?|dans|des?|du|en)\s|d['’])")


class Institutions:
    """What each span that was tagged as an institution stands for."""

    def __init__(self, evidence: Evidence) -> None:
        """Look at all of a text at once."""
        self._text = evidence.text.text
        self._full_names = _full_names(evidence)
        tagged = [index for index, candidate in enumerate(evidence.found) if candidate.kind is SpanKind.INSTITUTION]
        self.names = {
            index: self.in_full(_without_office(self._text, _closed(self._text, evidence.spans[index])))
            for index in tagged
            if not _is_person(evidence, index)
        }
        """Of the candidates, in full words; without those that name people."""
        self.tagged = frozenset(evidence.spans[index] for index in tagged)
        """As they stand in the text."""

    def in_full(self, name: Span) -> Span:
        """Return the name that `name` is short for where the text has it, else `name`."""
        return self._full_names.get(name.of(self._text), name)


def without_acronym(text: str, name: Span) -> Span:
    """Return `name` without the acronym of it behind it, in brackets."""
    place = text.rfind("(", max(name.begin, name.end - _LONGEST_IN_BRACKETS), name.end)
    is_short = place > name.begin and text[place - 1].isspace() and _IN_BRACKETS.fullmatch(text, place, name.end)
    return Span(name.begin, place - 1) if is_short else name


def _full_names(evidence: Evidence) -> dict[str, Span]:
    """Return the full name of each acronym: what stands before it, « Full Name (FN) », or the first name with its initials."""
    return _by_initials(evidence) | _before_brackets(evidence)


def _by_initials(evidence: Evidence) -> dict[str, Span]:
    """Return for each acronym the first institution with its initials."""
    text = evidence.text.text
    first: dict[str, int] = {}
    acronyms: set[str] = set()
    for index, candidate in enumerate(evidence.found):
        if candidate.kind not in {SpanKind.INSTITUTION, SpanKind.MENTION}:
            continue
        words = evidence.spans[index].of(text)
        if _is_institution(evidence, index):
            for initials in _initials(bare(text, evidence.spans[index]).of(text)):
                first.setdefault(initials, index)
        if _ACRONYM.fullmatch(words):
            acronyms.add(words)
    named = {acronym: first[capitals] for acronym in acronyms if (capitals := _capitals(acronym)) in first}
    return {acronym: bare(text, evidence.spans[index]) for acronym, index in named.items() if not _is_person(evidence, index)}


def _before_brackets(evidence: Evidence) -> dict[str, Span]:
    """Return for each word in brackets the name before it that it is short for.

    Other things stand in brackets too: the party of a person, « Luc Richard (LR) », the place of a school.
    """
    text = evidence.text.text
    by_end: dict[int, int] = {}
    for index, candidate in enumerate(evidence.found):
        if candidate.kind in {SpanKind.INSTITUTION, SpanKind.MENTION}:
            by_end.setdefault(evidence.spans[index].end, index)
    names: dict[str, Span] = {}
    for found in _IN_BRACKETS.finditer(text):
        end = found.start() - text[found.start() - 1 : found.start()].isspace()
        before = by_end.get(end)
        if found[1] in names or (before is not None and _is_person(evidence, before)):
            continue
        name = _spelt_before(text, end, _capitals(found[1]))
        if before is not None and _is_institution(evidence, before):
            tagged = bare(text, evidence.spans[before])
            name = tagged if _may_be_short(found[1], tagged.of(text)) else name
        if name is not None:
            names[found[1]] = name
    return names


def _may_be_short(acronym: str, name: str) -> bool:
    """Tell whether an acronym begins as a word of a name does; of one written as a word, all letters follow there too."""
    if sum(map(str.isupper, acronym)) == 1:
        following = iter(fold(name))
        if not all(letter in following for letter in fold(acronym) if letter.isalnum()):
            return False  # « l'hôpital Pompidou (Paris) »
    return fold(acronym)[:1] in {fold(word)[:1] for word in WORD.findall(name)}


def _spelt_before(text: str, end: int, capitals: str) -> Span | None:
    """Return the fewest words that end at `end` and have these initials."""
    for word in reversed(list(WORD.finditer(text, max(0, end - _LONGEST_NAME), end))):
        if fold(word[0])[:1].upper() == capitals[:1] and capitals in _initials(text[word.start() : end]):
            return Span(word.start(), end)
    return None


def _capitals(acronym: str) -> str:
    """Return the letters that are initials: of « LaREM » LREM."""
    return fold("".join(filter(str.isupper, acronym))).upper()


def _initials(name: str) -> set[str]:
    """Return the initials of a name's words, with its particles and without; none of a single word."""
    words = [fold(word) for word in WORD.findall(name)]
    chosen = words, [word for word in words if word not in _PARTICLES]
    return {"".join(word[:1] for word in own).upper() for own in chosen if len(own) > 1}


def _is_institution(evidence: Evidence, index: int) -> bool:
    """Tell whether candidate `index` was tagged as an institution, or is a mention of one."""
    return evidence.found[index].kind is SpanKind.INSTITUTION or kind_of(evidence, [index]) is EntityKind.INSTITUTION


def _is_person(evidence: Evidence, index: int) -> bool:
    """Tell whether candidate `index` holds a person's name, or a part of one."""
    span = evidence.spans[index]
    is_named = names_inside(evidence, span) or is_inside_name(evidence, span)
    return bool(is_named) and kind_of(evidence, [index]) is EntityKind.PERSON


def _without_office(text: str, span: Span) -> Span:
    """Return a party without the place that the office before it is for: « députée ABC du Nord » is not of ABC du Nord."""
    party = _PARTY.match(text, span.begin, span.end)
    return Span(*party.span(1)) if party and _OFFICE.search(text, max(0, span.begin - _LONGEST_OFFICE), span.begin) else span


def _closed(text: str, span: Span) -> Span:
    """Return what stands before a bracket that `span` does not open, or does not close."""
    words = span.of(text)
    place = words.find(")") if ")" in words.partition("(")[0] else words.find("(") if ")" not in words else -1
    return Span(span.begin, span.begin + len(words[:place].rstrip())) if place > 0 else span
