"""Gender and number of mentions, as far as their words show them: « la ministre », « Mme Roux », « Ana Roux », « ils ».

What a mention says of somebody holds for the other mentions of the name: beside « Ana Roux », « Roux » is a woman.
"""

import re
import tomllib
from collections.abc import Sequence
from enum import IntEnum
from importlib.resources import files
from itertools import groupby, takewhile

from guillemet_models.folding import fold


class Agreement(IntEnum):
    """What a pronoun would agree with."""

    UNKNOWN = 0
    MASCULINE = 1
    FEMININE = 2
    PLURAL = 3


_FIRST_WORDS = {
    Agreement.MASCULINE: {"il", "lui", "le", "un", "ce", "cet", "celui", "du", "au", "m", "mr", "monsieur"},
    Agreement.FEMININE: {"elle", "la", "une", "cette", "celle", "mme", "mlle", "madame"},
    Agreement.PLURAL: {"ils", "elles", "eux", "les", "des", "ces", "ceux", "celles", "aux", "ses", "leurs", "nos", "mm", "mmes"}
    | {"plusieurs", "certains", "certaines", "deux", "trois", "quatre", "cinq"},
}
_OF_FIRST_WORD = {word: agreement for agreement, words in _FIRST_WORDS.items() for word in words}
# Of these, the ones that may be of a noun: « le professeur Anne Roux », « la star Paul Petit ».
_DETERMINERS = frozenset({"le", "un", "ce", "cet", "du", "au", "la", "une", "cette"})
_OF_TITLES = frozenset({"le", "un", "ce", "cet", "du", "au", "l"})
# What follows is another's name: « le fils d'Anne Roux ».
_PREPOSITIONS = frozenset({"a", "au", "aux", "chez", "d", "de", "des", "du", "en", "par", "pour", "sur"})
_NAMES = tomllib.loads(files(__package__).joinpath("given_names.toml").read_text(encoding="utf-8"))
# Of a double name the first half tells.
_OF_GIVEN_NAME = {
    fold(name.partition("-")[0]): agreement
    for agreement, names in ((Agreement.MASCULINE, _NAMES["masculine"]), (Agreement.FEMININE, _NAMES["feminine"]))
    for name in names
}
_FEMININE_ENDING = re.compile(r".*(?:ee|euse|trice|iere|ienne|ate|ante|sion|tion|ise|ite)")


def agreement(words: Sequence[str]) -> Agreement:
    """Return what the words of one mention show, each as it is written."""
    words = words[1:] if words[:1] == ["t"] else words  # « -t-elle »
    if not words:
        return Agreement.UNKNOWN
    first = fold(words[0])
    is_name = first in _DETERMINERS and len(words) > 1 and all(word[0].isupper() for word in words)  # « Le Pen »
    found = Agreement.UNKNOWN if is_name else _OF_FIRST_WORD.get(first, Agreement.UNKNOWN)
    if found and first not in _DETERMINERS:
        return found
    if named := _of_given_names(words, alone=not found):
        return named
    if first == "l" and len(words) > 1:
        noun = fold(words[1])
        if _FEMININE_ENDING.fullmatch(noun):
            return Agreement.FEMININE
        return Agreement.UNKNOWN if noun.endswith("e") else Agreement.MASCULINE
    return found


def is_of_title(words: Sequence[str]) -> bool:
    """Tell whether that somebody is a man is shown by an article alone, which may be the title's: « le docteur Roux »."""
    return bool(words) and fold(words[0]) in _OF_TITLES and _of_given_names(words[1:], alone=False) is not Agreement.MASCULINE


def determined_noun(words: Sequence[str]) -> str | None:
    """Return the folded noun that the article of a mention shows the gender of: « ministre » of « la ministre »."""
    return fold(words[1]) if len(words) > 1 and fold(words[0]) in _DETERMINERS and words[1][0].islower() else None


def _of_given_names(words: Sequence[str], *, alone: bool) -> Agreement:
    """Return what the given names of a mention show; one that stands alone may be a surname, so does not always count."""
    own = takewhile(lambda word: word[0].isupper() or fold(word) not in _PREPOSITIONS, words)
    for is_capital, run in groupby(own, key=lambda word: word[0].isupper()):
        names = list(run)
        if is_capital and (alone or len(names) > 1):
            given = names[:-1] if len(names) > 1 else names  # the last is a surname, though « Laurent » or « Simon » it be
            if found := next(filter(None, (_OF_GIVEN_NAME.get(fold(name)) for name in given)), None):
                return found
    return Agreement.UNKNOWN


def agreements(mentions: Sequence[Sequence[str]]) -> list[Agreement]:
    """Return what the words of each mention of a text show, or those of others that end in the same name."""
    own = [agreement(words) for words in mentions]
    names = [fold(words[-1]) if words and words[-1][0].isupper() else "" for words in mentions]
    shown: dict[str, set[Agreement]] = {}
    # « Laurent » alone may be the surname of « Anne Laurent ».
    alone = [bool(name) and len(words) == 1 for words, name in zip(mentions, names, strict=True)]
    for is_alone, name, found in zip(alone, names, own, strict=True):
        if name and not is_alone and found is not Agreement.UNKNOWN:
            shown.setdefault(name, set()).add(found)
    told = {name: next(iter(found)) for name, found in shown.items() if len(found) == 1}
    return [
        told.get(name, found) if is_alone else found or told.get(name, Agreement.UNKNOWN)
        for is_alone, name, found in zip(alone, names, own, strict=True)
    ]
