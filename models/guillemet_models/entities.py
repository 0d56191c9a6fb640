"""The mentions of one entity -> the entity: its name, kind, role and institution, each a span of the text."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

import numpy as np

from guillemet_models.attribution import Evidence
from guillemet_models.document import Entity, EntityKind, Span
from guillemet_models.folding import fold
from guillemet_models.pairing import folded_name
from guillemet_models.scheme import MENTION, NAME, Relation, SpanKind

_WORD = re.compile(r"\w+")
_PRONOUN = re.compile(
    r"(?:-t-)?(?:il|elle|ils|elles|on|je|j['’]|nous|vous|tu|lui|eux|leur|celui|celle|ceux|celles|qui|ce|c['’]|soi|moi|toi"
    r"|(?:celui|celle|ceux|celles)-(?:ci|là)|(?:ce|cette|ces) derni(?:er|ère|ers|ères)"
    r"|(?:le|la|les) derni(?:er|ère|ers|ères)|l['’](?:un|une|autre)|elle-même|lui-même)",
    re.IGNORECASE,
)
_DETERMINER = re.compile(
    r"(?:(?:le|la|les|un|une|des|du|ce|cet|cette|ces|son|sa|ses|leur|leurs|mon|ma|mes|notre|nos|plusieurs|certains|certaines"
    r"|de|aux?|d['’]autres)\s+|[ld]['’]\s?)+",
    re.IGNORECASE,
)
_CIVILITY = re.compile(
    r"(?:(?:MM?|Mmes?|Mlles?|Mr|Mgr|Dr|Drs|Pr|Prof|Me|Monsieur|Madame|Mademoiselle|Maître|Docteur|Professeur)\b\.?\s+)+"
)
# A text that speaks for whoever issued it: « les chiffres provisoires de l'Insee », « un sondage Ifop pour Le Journal ».
_ISSUED = re.compile(
    r"(?:\w+\s+){0,2}?(?:analyse|baromètre|bilan|bulletin|calcul|chiffre|communiqué|comptage|décompte|dépêche|donnée|enquête"
    r"|estimation|étude|indice|information|lettre|message|note|prévision|projection|publication|rapport|recensement|sondage"
    r"|statistique|texte|tweet)s?\b"
    r"(?:\s+(?=[^\W\d_a-zà-ÿ])|[^,]*?(?:\bde\s+l['’]\s?|\bde\s+la\s+|\bdu\s+|\bdes\s+|\bde\s+|\bd['’])(?=[^\W\d]))"
)
# For whom, and when.
_COMMISSIONED = re.compile(r"\s+(?:pour|du\s+\d|dévoilée?s?|parue?s?|publiée?s?)\b")
# What joins an organ to its body, at the end of the words before the body's name.
_COMPLEMENT = re.compile(r"(?:\b(?:de|du|des|de la)\s+|\bd['’]|\bde l['’])$", re.IGNORECASE)
_LONGEST_COMPLEMENT = 16
# Names with a capital, and the particles between them, on one line.
_PERSON = re.compile(
    r"[^\W\d_a-zà-ÿ][\w’'.-]*"
    r"(?:[^\S\n]+(?:(?:de|du|des|la|le|van|von|der|den|ben|bin|ibn|al|el|da|dos|di|y|ould|ag|et)\s+|d['’]|al-|el-)*[^\W\d_a-zà-ÿ][\w’'.-]*)*"
)
# An acronym behind the name that it is short for.
_ACRONYM = re.compile(r"\(([^\W\d_a-zà-ÿ][\w.&-]{1,9})\)")
_LONGEST_ACRONYM = 12  # with its brackets
# Whose roles a text tells.
_WITH_ROLES = frozenset({EntityKind.PERSON, EntityKind.UNNAMED, EntityKind.GROUP})


def person_names(evidence: Evidence, index: int) -> set[str]:
    """Return the folded words of a person's proper name in mention (candidate) `index`; none where it names nobody."""
    if _kind_of(evidence, [index]) is not EntityKind.PERSON:
        return set()
    words = (
        word
        for name in _names_inside(evidence, evidence.characters(index))
        for word in _WORD.findall(name.of(evidence.text.text))
    )
    return {fold(word) for word in words if word[0].isupper() and len(word) > 1}


def is_pronoun(evidence: Evidence, index: int) -> bool:
    """Tell whether mention (candidate) `index` is a pronoun, which names nobody."""
    return _PRONOUN.fullmatch(evidence.characters(index).of(evidence.text.text)) is not None


def _kind_of(evidence: Evidence, mentions: Sequence[int]) -> EntityKind:
    """Return what the tags say of `mentions` together."""
    votes = np.zeros(len(EntityKind))
    for index in mentions:
        candidate = evidence.found[index]
        votes += evidence.tagging.inside[MENTION][candidate.first : candidate.last + 1].mean(axis=0)
    return list(EntityKind)[int(votes.argmax())]


def _names_inside(evidence: Evidence, mention: Span) -> list[Span]:
    """Return the spans tagged as names inside `mention`."""
    names = evidence.tagging.spans[NAME]
    text = evidence.text
    first = bisect_left(names, mention.begin, key=lambda name: int(text.begins[name.first]))
    behind = bisect_left(names, mention.end, key=lambda name: int(text.begins[name.first]))
    inside = (text.characters(name.first, name.last) for name in names[first:behind])
    return [name for name in inside if mention.contains(name)]


def entity_of(evidence: Evidence, mentions: Mapping[int, float], full_forms: Mapping[str, Span]) -> Entity | None:
    """Return the entity that some mentions stand for, without an id; None if they are pronouns only.

    Args:
        evidence: Of the text.
        mentions: Candidates, each with how sure it is that it belongs to the entity.
        full_forms: See `full_forms`.
    """
    text = evidence.text.text
    spans = [(index, evidence.characters(index)) for index in mentions]
    forms = [(index, span) for index, span in spans if not _PRONOUN.fullmatch(span.of(text))]
    if not forms:
        return None
    kind = _kind_of(evidence, [index for index, _ in forms])
    if kind is EntityKind.UNNAMED and any(person_names(evidence, index) for index, _ in forms):
        kind = EntityKind.PERSON  # whoever is named somewhere is not unnamed
    name = _name(evidence, [span for _, span in forms], kind)
    role = _attribute(evidence, mentions, Relation.ROLE)[0] if kind in _WITH_ROLES else None
    institution, sureness = _attribute(evidence, mentions, Relation.INSTITUTION)
    if institution is None and kind is EntityKind.INSTITUTION:
        institution = name
    if institution is not None:
        institution = full_forms.get(institution.of(text), institution)
    return Entity(
        id="",
        kind=kind,
        name=name,
        role=role,
        institution=institution,
        mentions=tuple(sorted(span for _, span in forms)),
        probability=float(np.mean(list(mentions.values()))),
        institution_probability=sureness,
    )


def _name(evidence: Evidence, forms: Sequence[Span], kind: EntityKind) -> Span:
    """Return the fullest name without determiner and civility.

    That is the longest form, for those that a noun phrase names. For people and institutions it is the longest proper name that
    was tagged in a form; a person's begins with a capital, and an institution's is not that of the body it is an organ of:
    « le service de presse du Conseil » is not the Conseil.
    """
    text = evidence.text.text
    bare = [_bare(text, form) for form in forms]
    proper: list[Span] = []
    if kind is EntityKind.PERSON:
        tagged = [_without(text, name, _CIVILITY) for form in forms for name in _names_inside(evidence, form)]
        proper = _of_people(text, tagged) or _of_people(text, bare)
    elif kind is EntityKind.INSTITUTION:
        bare = [_issuer(text, form) for form in bare]
        for form, whole in zip(forms, bare, strict=True):
            for name in _names_inside(evidence, form):
                is_organ = _COMPLEMENT.search(text, max(whole.begin, name.begin - _LONGEST_COMPLEMENT), name.begin)
                proper.append(whole if is_organ else _without(text, Span(name.begin, min(name.end, whole.end)), _CIVILITY))
    return _without_acronym(text, max(proper or bare, key=_length))


def _without_acronym(text: str, name: Span) -> Span:
    place = text.rfind(" (", max(name.begin, name.end - _LONGEST_ACRONYM - 1), name.end)
    is_short = place > name.begin and _ACRONYM.fullmatch(text, place + 1, name.end)
    return Span(name.begin, place) if is_short else name


def _issuer(text: str, form: Span) -> Span:
    """Return who issued the text that `form` names; `form` itself if it names no text."""
    issuer = _without(text, form, _ISSUED)
    if issuer == form:
        return form
    commissioned = _COMMISSIONED.search(text, issuer.begin, issuer.end)
    return Span(issuer.begin, commissioned.start()) if commissioned else issuer


def _length(span: Span) -> tuple[int, int]:
    """Order spans by length, the earlier of two equals first."""
    return span.end - span.begin, -span.begin


def _of_people(text: str, names: Sequence[Span]) -> list[Span]:
    """Return those of `names` that begin as people's do, without what follows (« Jean Dupont de la fédération … »)."""
    found = (_PERSON.match(text, name.begin, name.end) for name in names)
    return [Span(*match.span()) for match in found if match]


def full_forms(evidence: Evidence) -> dict[str, Span]:
    """Return the full name of each acronym of an institution, where the text gives it first: « Full Name (FN) »."""
    text = evidence.text.text
    names: dict[int, Span] = {}  # by their end
    for index, candidate in enumerate(evidence.found):
        if candidate.kind in {SpanKind.INSTITUTION, SpanKind.MENTION}:
            span = evidence.characters(index)
            names.setdefault(span.end, span)
    places: dict[str, int] = {}
    for found in _ACRONYM.finditer(text):
        places.setdefault(found[1], found.start())
    before = {acronym: [names[end] for end in (place - 1, place) if end in names] for acronym, place in places.items()}
    return {acronym: _bare(text, min(spans)) for acronym, spans in before.items() if spans}


def _bare(text: str, form: Span) -> Span:
    return _without(text, _without(text, form, _DETERMINER), _CIVILITY)


def _without(text: str, span: Span, prefix: re.Pattern[str]) -> Span:
    found = prefix.match(text, span.begin, span.end)
    return Span(found.end(), span.end) if found and found.end() < span.end else span


def _attribute(evidence: Evidence, mentions: Iterable[int], relation: Relation) -> tuple[Span | None, float]:
    """Return the role or institution that some mention is surest of, the same words counted together, and how sure that is."""
    best: dict[str, tuple[float, int]] = {}  # of the words: probability of the relation, candidate
    nothing = 1.0
    for mention in mentions:
        likely = evidence.relations.of(mention, relation)
        nothing = min(nothing, likely.get(None, 0.0))
        words: dict[str, tuple[float, int]] = {}
        for index, probability in likely.items():
            if index is not None:
                key = folded_name([evidence.characters(index).of(evidence.text.text)])
                words[key] = (words.get(key, (0.0, index))[0] + probability, index)
        for key, found in words.items():
            best[key] = max(best.get(key, found), found, key=itemgetter(0))
    if best:
        probability, index = max(best.values(), key=itemgetter(0))
        if probability > 0.5:
            # The relation takes for granted that the span is one.
            return evidence.characters(index), probability * evidence.tagged[index].probability
    return None, nothing
