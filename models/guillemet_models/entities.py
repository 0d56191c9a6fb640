"""The mentions of one entity -> the entity: its name, kind, role and institution, each a span of the text."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from operator import itemgetter
from statistics import fmean

from guillemet_models.attribution import Evidence
from guillemet_models.calibration import log_odds
from guillemet_models.document import Entity, EntityKind, Span
from guillemet_models.folding import CAPITAL, LETTER, WORD
from guillemet_models.institutions import Institutions, without_acronym
from guillemet_models.mentions import (
    CIVILITY,
    bare,
    complement_before,
    is_pronoun,
    kind_of,
    names_inside,
    own_names,
    person_names,
    speaker_of,
    undetermined,
    without,
)
from guillemet_models.pairing import folded_name
from guillemet_models.scheme import Relation

# A text that speaks for whoever issued it: « les chiffres provisoires de l'Insee », « un sondage Ifop pour Le Journal ».
_TEXT = (
    r"(?:analyse|article|baromètre|bilan|bulletin|calcul|chiffre|communiqué|comptage|décision|décompte|dépêche|donnée|enquête"
    r"|estimation|étude|indice|information|lettre|message|note|précision|prévision|projection|publication|rapport|recensement"
    r"|révélation|sondage|statistique|texte|tweet)s?"
)
# Of what sort it is.
_SORT = (
    r"(?:\s+(?:de\s+(?:conjoncture|mission|presse|service|synthèse)"
    r"|d['’]\s?(?:activité|alerte|audit|enquête|étape|évaluation|expertise|impact|information|opinion))s?\b)?+"
)
_WRITING = re.compile(rf"{_TEXT}{_SORT}")
_WRITTEN = re.compile(rf"(?:\w+\s+){{0,2}}?{_TEXT}\b")
_ISSUED = re.compile(
    rf"{_WRITTEN.pattern}{_SORT}(?:\s+(?={CAPITAL})"
    r"|(?:(?!\spar\s)[^,])*?(?:\bde\s+l['’]\s?|\bde\s+la\s+|\bdu\s+|\bdes\s+|\bde\s+|\bd['’])(?:une?\s+)?(?=[^\W\d]))"
)
# For whom, when, and who passed it on; not « la Fondation pour le logement ».
_COMMISSIONED = re.compile(
    r"\s+(?:pour(?=\s+(?:l['’]|l[ea]s?\s+)?(?:[^\W_a-zà-ÿœ]|an(?:née)?s?\b|compte\b|mois\b|trimestre\b))"
    r"|du\s+\d|dévoilée?s?\b|parue?s?\b|publiée?s?\b|(?:rapporté|relayé|repris)e?s?\b)"
)
# Who made it known: « le bilan de l'épidémie publié mardi par la direction de la santé ».
_PUBLISHED = re.compile(
    r".{1,120}?\s(?:communiqué|diffusé|dévoilé|mené|présenté|publié|réalisé|rendu\s+public|rendue\s+publique)e?s?\b[^,]{0,60}?"
    r"\spar\s+(?:l['’]\s?|la\s+|le\s+|les\s+)?(?=[^\W\d])"
)
# Names with a capital or their initials, and the particles between them, on one line; before them perhaps what the person is,
# and of which party, but not whose. An acronym behind a particle is where the person works: « Jean Dupont de l'OCDE ».
_NAME = rf"(?:(?:{CAPITAL}{LETTER}{{0,2}}\.-?)+|\u00ad?{CAPITAL}(?:{LETTER}|[’'\u00ad\u2010\u2011-]|/(?={CAPITAL}))*)"
_FOREIGN = r"(?:ben|bin|bint|da|das|del|della|den|der|di|do|dos|ibn|ter|van|von)[^\S\n]+"
_PARTICLES = (
    rf"(?:{_FOREIGN}|(?:ag|al|de|des|du|el|et|la|le|ould|y)[^\S\n]+(?!{CAPITAL}{{2}})"
    rf"|(?:de[^\S\n]+l|[dl])['’](?!{CAPITAL}{{2}})|al-|el-)*"
)
_NAMES = rf"{_NAME}(?:(?:[^\S\n]+|(?<=\.)|(?<=\.-)){_PARTICLES}{_NAME})*"
_PARTY = rf"(?:(?:{CAPITAL}{{3,}}|FI|FN|LR|LaREM|MoDem|PS|RN)[^\S\n]+(?={CAPITAL}{LETTER}*[a-zà-ÿ]))?"
# Some write them with a capital: « le Premier ministre », « la Présidente Roux ».
_OFFICE = (
    r"(?:(?:Vice-)?Présidente?|Chanceli(?:er|ère)|Direct(?:eur|rice)|Gouverneure?|Ministre|Préf(?:et|ète)|Premi(?:er|ère)"
    r"|Procureure?|Rect(?:eur|rice)|Secrétaire|Sénat(?:eur|rice))"
)
# What people are called by, what they are of, and what stands for them: « une députée LREM », « Celle qui gouverne ».
_NO_NAME = re.compile(rf"{_OFFICE}|{CAPITAL}{{2,5}}|Celles?|Celui|Ceux")
_PERSON = re.compile(
    rf"(?:(?!(?:à|aux?|chez|de|des|du|en|par|pour|sur)\s|{_FOREIGN})(?:[a-zà-ÿœ](?:{LETTER}|-)*|{_OFFICE})\s+){{0,3}}"
    rf"{_PARTY}((?:{_FOREIGN})*{_NAMES})"
)
# What was tagged as a name may begin like one of ours: « de Gaulle ».
_TAGGED_PERSON = re.compile(rf"{_PARTY}({_PARTICLES}{_NAMES})")
# In a name, before what is no part of it.
_OF = frozenset({"d", "de", "des", "du"})
# How the log-odds of an attribute and those of none at all are set off; chosen on articles that the model had not read.
_DOUBT, _WEIGHT_OF_NOTHING = 2.0, 2.0
# Whose roles a text tells.
_WITH_ROLES = frozenset({EntityKind.PERSON, EntityKind.UNNAMED, EntityKind.GROUP})


def entity_of(
    evidence: Evidence, mentions: Mapping[int, float], institutions: Institutions, roles: Collection[int]
) -> Entity | None:
    """Return the entity that some mentions stand for, without an id; None if they are pronouns only.

    Args:
        evidence: Of the text.
        mentions: Candidates, each with how sure it is that it belongs to the entity.
        institutions: Of the text.
        roles: Candidates that are no other entity's.
    """
    text = evidence.text.text
    forms = [(index, evidence.spans[index]) for index in mentions if not is_pronoun(evidence, index)]
    if not forms:
        return None
    kind = kind_of(evidence, [index for index, _ in forms])
    if kind is EntityKind.UNNAMED and any(person_names(evidence, index) for index, _ in forms):
        kind = EntityKind.PERSON  # whoever is named somewhere is not unnamed
    if kind is EntityKind.PERSON and all(bare(text, span) in institutions.tagged for _, span in forms):
        kind = EntityKind.INSTITUTION
    name = _name(evidence, [span for _, span in forms], kind)

    def role_of(index: int) -> Span | None:
        return evidence.spans[index] if index in roles else None

    role = _attribute(evidence, mentions, Relation.ROLE, role_of)[0] if kind in _WITH_ROLES else None

    own = WORD.findall(name.of(text).casefold())

    def words_of(index: int) -> Span | None:
        """Return an institution that is another than the entity, unless that is one: nobody else speaks for himself."""
        words = institutions.names.get(index)
        if words is None or kind is EntityKind.INSTITUTION:
            return words
        said = WORD.findall(words.of(text).casefold())
        # « Petit » of « Anne Petit », but « maire de Brest » and « Anne Petit, de l'OMED » are of Brest and the OMED.
        is_part = kind is EntityKind.PERSON and text[words.begin].isupper() and set(said) <= set(own) and _OF.isdisjoint(own)
        return None if said == own or is_part else words

    institution, sureness = _attribute(evidence, mentions, Relation.INSTITUTION, words_of)
    if kind is EntityKind.INSTITUTION and _WRITING.fullmatch(name.of(text)):
        kind = EntityKind.DOCUMENT  # whose issuer is not said
    if kind is EntityKind.INSTITUTION:
        name = institutions.in_full(name)
        institution = institution or name
    return Entity(
        id="",
        kind=kind,
        name=name,
        role=role,
        institution=institution,
        mentions=tuple(sorted(span for _, span in forms)),
        probability=fmean(mentions.values()),
        institution_probability=sureness,
    )


def _name(evidence: Evidence, forms: Sequence[Span], kind: EntityKind) -> Span:
    """Return the fullest name without determiner and civility.

    That is the longest form, for those that a noun phrase names. For people and institutions it is the longest proper name that
    was tagged in a form; a person's begins with a capital, and an institution's is not that of the body it is an organ of:
    « le service de presse du Conseil » is not the Conseil.
    """
    text = evidence.text.text
    if kind is not EntityKind.INSTITUTION:
        forms = [speaker_of(text, form) for form in forms]
    bared = [bare(text, form) for form in forms]
    described = [undetermined(text, form) for form in forms]
    proper: list[Span] = []
    if kind is EntityKind.PERSON:
        tagged = [without(text, name, CIVILITY) for form in forms for name in own_names(evidence, form)]
        proper = _of_people(text, tagged, _TAGGED_PERSON, _PERSON) or _of_people(text, bared, _PERSON)
    elif kind is EntityKind.INSTITUTION:
        described = [_issuer(text, form) for form in bared]
        for form, whole in zip(forms, described, strict=True):
            for name in names_inside(evidence, form):
                if name.begin >= whole.end:  # for whom it was, or where it stood
                    continue
                is_organ = complement_before(text, name, whole.begin)
                proper.append(whole if is_organ else without(text, Span(name.begin, min(name.end, whole.end)), CIVILITY))
    return without_acronym(text, max(proper or described, key=_length))


def _issuer(text: str, form: Span) -> Span:
    """Return who issued the text that `form` names; `form` itself if it names no text, or not whose."""
    issuer = without(text, form, _ISSUED)
    if issuer == form:
        return without(text, form, _PUBLISHED) if _WRITTEN.match(text, *form) else form
    if text[issuer.begin].islower():  # what the text is about, perhaps
        issuer = without(text, issuer, _PUBLISHED)
    commissioned = _COMMISSIONED.search(text, issuer.begin, issuer.end)
    return Span(issuer.begin, commissioned.start()) if commissioned else issuer


def _length(span: Span) -> tuple[int, int]:
    """Order spans by length, the earlier of two equals first."""
    return span.end - span.begin, -span.begin


def _of_people(text: str, names: Sequence[Span], *forms: re.Pattern[str]) -> list[Span]:
    """Return what of `names` is as people's are: not what is around it in « collègue Jean Dupont de la fédération … »."""
    found = (next(filter(None, (form.match(text, *name) for form in forms)), None) for name in names)
    return [Span(*match.span(1)) for match in found if match and not _NO_NAME.fullmatch(match[1])]


def _attribute(
    evidence: Evidence, mentions: Collection[int], relation: Relation, words_of: Callable[[int], Span | None]
) -> tuple[Span | None, float]:
    """Return the role or institution of an entity, and how sure that is.

    The mention that is surest says which; whether there is one, all of them together: each has the names of others around it.

    Args:
        evidence: Of the text.
        mentions: Candidates, at least one.
        relation: To roles or to institutions.
        words_of: A candidate, None if it is no answer; the same words are counted together.
    """
    text = evidence.text.text

    @cache
    def key_of(index: int) -> str | None:
        return folded_name([words.of(text)]) if (words := words_of(index)) else None

    best: dict[str, tuple[float, int]] = {}  # of the words: probability of the relation, candidate
    nothing = 0.0
    for mention in mentions:
        likely = evidence.relations.of(mention, relation)
        nothing += likely.get(None, 0.0) / len(mentions)
        total: dict[str, tuple[float, int]] = {}
        for index, probability in likely.items():
            if index is not None and (key := key_of(index)) is not None:
                total[key] = (total.get(key, (0.0, index))[0] + probability, index)
        for key, found in total.items():
            best[key] = max(best.get(key, found), found, key=itemgetter(0))
    if not best:
        return None, nothing
    probability, index = max(best.values(), key=itemgetter(0))
    there_is_one = 1 / (1 + math.exp(_DOUBT + _WEIGHT_OF_NOTHING * log_odds(nothing) - log_odds(probability)))
    if there_is_one > 0.5:
        # The relation takes for granted that the span is one.
        return words_of(index), there_is_one * evidence.tagged[index].probability
    return None, 1 - there_is_one
