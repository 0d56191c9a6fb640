"""The same article about other people: names exchanged throughout, so that no reader learns who said things in one decade.

A surname becomes one of another article, a given name another of its gender (the pronouns of the article go on agreeing), an
acronym another acronym. Each word is exchanged wherever it stands, in the text and in what the annotation says of it.
"""

import random
import re
import tomllib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from guillemet_models.training.augmentation import Edit, apply

_GIVEN_NAMES = tuple(tomllib.loads(files("guillemet_models").joinpath("given_names.toml").read_text(encoding="utf-8")).values())
_ACRONYM = re.compile(r"(?<![\w.&-])[A-ZÉ]{3,5}(?![\w.&-])")
_SURNAME = re.compile(r"[^\W\d_a-zà-ÿ][\w’'-]{2,}")
_VOWELS = frozenset("AEÉIOUYH")


class Renaming:
    """Names to exchange for others, gathered from annotated articles."""

    def __init__(self, documents: Iterable[dict[str, Any]]) -> None:
        """Gather the surnames and acronyms of `documents`, in the one format."""
        surnames: set[str] = set()
        acronyms: set[str] = set()
        for document in documents:
            surnames.update(surname for _, surname in _people(document))
            for entity in document["entities"]:
                acronyms.update(_ACRONYM.findall(f"{entity['name']} {entity['institution']}"))
        self._surnames = sorted(surnames)
        self._acronyms = sorted(acronyms)

    def __call__(self, document: dict[str, Any], randomness: random.Random) -> dict[str, Any]:
        """Return `document` with the people who speak in it and its acronyms renamed."""
        text: str = document["text"]
        exchanged: dict[str, str] = {}
        for given, surname in _people(document):
            exchanged.setdefault(surname, randomness.choice(self._surnames))
            for names in _GIVEN_NAMES:
                if given in names:
                    exchanged.setdefault(given, randomness.choice(names))
        # What is spelt out beside it has other initials than any that could take its place.
        spelt_out = set(re.findall(r"\((\w+)\)", text))
        for acronym in sorted(set(_ACRONYM.findall(text)).intersection(self._acronyms) - spelt_out):
            # « l'ONU » stays « l'…A », « la CGT » « la …B ».
            alike = [other for other in self._acronyms if (other[0] in _VOWELS) == (acronym[0] in _VOWELS)]
            exchanged.setdefault(acronym, randomness.choice(alike))
        return _exchange(document, exchanged)


def _people(document: dict[str, Any]) -> Sequence[tuple[str, str]]:
    """Return the given name and the last word of the surname of each person of two names or more."""
    names = [entity["name"].split() for entity in document["entities"] if entity["kind"] == "person"]
    return [(name[0], name[-1]) for name in names if len(name) > 1 and _SURNAME.fullmatch(name[-1])]


def _exchange(document: dict[str, Any], exchanged: dict[str, str]) -> dict[str, Any]:
    if not exchanged:
        return document
    longest_first = sorted(exchanged, key=len, reverse=True)
    word = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")

    def renamed(words: str | None) -> str | None:
        return words and word.sub(lambda found: exchanged[found.group()], words)

    edits = [Edit(*found.span(), exchanged[found.group()]) for found in word.finditer(document["text"])]
    moved = apply(document, edits)
    entities = [
        {**entity, **{key: renamed(entity[key]) for key in ("name", "role", "institution")}} for entity in moved["entities"]
    ]
    return {**moved, "entities": entities}
