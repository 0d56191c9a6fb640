"""Gender and number of mentions, as far as their words show them: « la ministre », « Mme Roux », « Ana Roux », « ils ».

What a mention says of somebody holds for the other mentions of the name: beside « Ana Roux », « Roux » is a woman.
"""

import re
import tomllib
from collections.abc import Sequence
from enum import IntEnum
from importlib.resources import files

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
    if not words:
        return Agreement.UNKNOWN
    first = fold(words[0])
    if found := _OF_FIRST_WORD.get(first):
        return found
    if first == "l" and len(words) > 1:
        noun = fold(words[1])
        if _FEMININE_ENDING.fullmatch(noun):
            return Agreement.FEMININE
        return Agreement.UNKNOWN if noun.endswith("e") else Agreement.MASCULINE
    names = (_OF_GIVEN_NAME.get(fold(word)) for word in words if word[0].isupper())
    return next(filter(None, names), Agreement.UNKNOWN)


def agreements(mentions: Sequence[Sequence[str]]) -> list[Agreement]:
    """Return what the words of each mention of a text show, or those of others that end in the same name."""
    own = [agreement(words) for words in mentions]
    names = [fold(words[-1]) if words and words[-1][0].isupper() else "" for words in mentions]
    shown: dict[str, set[Agreement]] = {}
    for name, found in zip(names, own, strict=True):
        if name and found is not Agreement.UNKNOWN:
            shown.setdefault(name, set()).add(found)
    told = {name: next(iter(found)) for name, found in shown.items() if len(found) == 1}
    return [found or told.get(name, Agreement.UNKNOWN) for name, found in zip(names, own, strict=True)]
