"""What a source is, and so how it has to be resolved to its speaker.

Rules of French, applied to the words of the source and the speaker's entity; gold and predictions go by the same.
"""

import itertools
import re
from collections.abc import Sequence

from guillemet_client import EntityKind
from guillemet_evaluation.documents import Document, Entity, Quotation
from guillemet_evaluation.naming import folded

PRONOUN, NOMINAL, NAMED, NO_SOURCE = "pronoun", "nominal", "named", "none"
SOURCE_FORMS = (NAMED, NOMINAL, PRONOUN, NO_SOURCE)

NAME, SURNAME, FIRST_NAME = "name", "surname", "first name"
CLITIC, LATTER, DESCRIPTION = "clitic", "ce dernier", "description"
INSTITUTION, ACRONYM, METONYM, DOCUMENT = "institution", "acronym", "metonym", "document"
GROUP, UNNAMED = "group", "unnamed"
RESOLUTIONS = (
    *(NAME, SURNAME, FIRST_NAME, CLITIC, PRONOUN, LATTER, DESCRIPTION),
    *(INSTITUTION, ACRONYM, METONYM, DOCUMENT, GROUP, UNNAMED, NO_SOURCE),
)
"""In the order in which they are shown."""

_WORD = re.compile(r"[^\W_]+")
# Between blanks, what a hyphen or an apostrophe parts.
_PRONOUN = re.compile(
    r"(?:t )?(?:ils?|elles?|on)|l on|lui|leur|eux|je?|moi|tu|toi|nous|vous|soi|qui|(?:le|la|les)quel(?:le)?s?|c|ce|cela|ça"
    r"|celle|celui|celles|ceux|certaine?s|plusieurs|tous|toutes|chacune?|aucune?|d autres|beaucoup",
    re.IGNORECASE,
)
_LATTER = re.compile(
    r"ce dernier|cette dernière|ces derni(?:er|ère)s|(?:celle|celui|celles|ceux) (?:ci|là)|le premier|la première",
    re.IGNORECASE,
)
# What stands before one: the end of a verb, or of « t », and a hyphen.
_CLITIC = re.compile(r"[^\W\d_][-‐‑]")

# Words as `folded` leaves them.
_DETERMINER = re.compile(r"les?|la|l|une?|des?|du|d|ce[st]?|cette|[mts](?:on|a|es)|[nv]o(?:tre|s)|leurs?")
_LINK = re.compile(rf"{_DETERMINER.pattern}|a|aux?|en|et|pour|sur|par|avec|dans|chez")
_WRITING = re.compile(
    r"(?:accord|analyse|annonce|arrete?|article|avis|bilan|chiffre|circulaire|communique|conclusion|courrier|decision|declaration"
    r"|decret|document|donnee|dossier|enquete|estimation|etude|expertise|jugement|lettre|livre|loi|message|note|ouvrage|plainte"
    r"|publication|rapport|resultat|sondage|statistique|texte|tribune|tweet)s?"
)


def is_pronoun(source: str) -> bool:
    """Tell whether a source stands for somebody without describing them: « elle », « -t-il », « celui-ci », « ce dernier »."""
    words = " ".join(_WORD.findall(source))
    return bool(_PRONOUN.fullmatch(words) or _LATTER.fullmatch(words))


def source_form(document: Document, quotation: Quotation, speaker: Entity | None) -> str:
    """Return what the source is: one of `SOURCE_FORMS`.

    A pronoun stands alone (« elle », « celui-ci », « ce dernier »). A named source has a capitalised word of the name of a
    person or an institution (« Mme Hamel », « l'Élysée »). All others are nominal (« la présidente », « des témoins »).
    """
    if quotation.source is None:
        return NO_SOURCE
    source = quotation.source.of(document.text)
    if is_pronoun(source):
        return PRONOUN
    if speaker is None or speaker.kind not in {EntityKind.PERSON, EntityKind.INSTITUTION}:
        return NOMINAL
    capitalised = {folded(word) for word in _WORD.findall(source) if word[0].isupper()}
    return NAMED if capitalised & set(folded(speaker.name).split()) else NOMINAL


def resolution(document: Document, quotation: Quotation, speaker: Entity | None) -> str:
    """Return how the source has to be resolved to its speaker: one of `RESOLUTIONS`, the first of these that holds.

    - none: no source, the quotation stands free;
    - clitic: a pronoun behind a hyphen that follows a letter (« dit-il », « a-t-elle ajouté »);
    - pronoun: any other that stands alone (« elle », « lui », « on », « certains »);
    - ce dernier: « ce dernier », « cette dernière », « celui-ci », « la première »;
    - group, unnamed: the speaker is of that kind;
    - document: the speaker is one, or before its first preposition the source has the word for a writing (« le communiqué »,
      « un récent sondage »), whoever issued it;
    - institution: of an institution, some word of its name (« la Cour des comptes », « le ministère »);
    - acronym: of an institution, capitals that are no word of its name (« l'ANP »);
    - metonym: of an institution, a capitalised name that has no word of its name: a place or a building (« Moscou »);
    - name: of a person, all capitalised words of the name (« Zoé Hamel », « la présidente Zoé Hamel »);
    - first name: only the first of several; surname: only others (« Mme Hamel »); words are cut at blanks;
    - description: all others (« le ministre », « la porte-parole », « le syndicat »).
    """
    if quotation.source is None:
        return NO_SOURCE
    source = quotation.source.of(document.text)
    words = _WORD.findall(source)
    if _LATTER.fullmatch(" ".join(words)):
        return LATTER
    if is_pronoun(source):
        begin = quotation.source.begin
        return CLITIC if _CLITIC.fullmatch(document.text, max(0, begin - 2), begin) else PRONOUN
    kind = None if speaker is None else speaker.kind
    if kind in {EntityKind.GROUP, EntityKind.UNNAMED}:
        return GROUP if kind is EntityKind.GROUP else UNNAMED
    if kind is EntityKind.DOCUMENT or _is_writing(words):
        return DOCUMENT
    name = (quotation.speaker_name or "") if speaker is None else speaker.name
    return _institution(words, name) if kind is EntityKind.INSTITUTION else _person(source, name)


def _is_writing(words: Sequence[str]) -> bool:
    """Tell whether the head of a noun phrase, all before its first preposition, has a word for a writing."""
    bare = [folded(word) for word in words]
    first = next((index for index, word in enumerate(bare) if not _DETERMINER.fullmatch(word)), 0)
    head = itertools.takewhile(lambda word: not _LINK.fullmatch(word), bare[first:])
    return any(_WRITING.fullmatch(word) for word in head)


def _institution(words: Sequence[str], name: str) -> str:
    telling = [word for word in words if not _LINK.fullmatch(folded(word))]
    if not {folded(word) for word in telling}.isdisjoint(folded(name).split()):
        return INSTITUTION
    first = telling[0] if telling else ""
    if len(first) > 1 and first.isupper():
        return ACRONYM
    return METONYM if first[:1].isupper() else DESCRIPTION


def _person(source: str, name: str) -> str:
    names = _capitalised(name)
    said = set(_capitalised(source))
    found = [word in said for word in names]
    if not any(found):
        return DESCRIPTION
    if all(found):
        return NAME
    return SURNAME if any(found[1:]) else FIRST_NAME


def _capitalised(words: str) -> list[str]:
    """Return the words with a capital, folded."""
    return [folded(word) for word in words.split() if word.lower() != word]
