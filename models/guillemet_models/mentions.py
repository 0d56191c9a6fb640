"""What the words of one mention show: a kind, names, nobody's name."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter

from guillemet_models.attribution import Evidence
from guillemet_models.document import EntityKind, Span
from guillemet_models.folding import CAPITAL, WORD, fold

_PRONOUN = re.compile(
    r"(?:[-\u2011]?t[-\u2011]|[-\u2011])?"
    r"(?:il|elle|ils|elles|on|je|j['’]|nous|vous|tu|lui|eux|leur|celui|celle|ceux|celles|qui|ce|c['’]|soi|moi|toi|cela|ça"
    r"|l['’]on|(?:le|la|les)quel(?:le)?s?"
    r"|(?:celui|celle|ceux|celles)-(?:ci|là)|(?:ce|cette|ces) derni(?:er|ère|ers|ères)"
    r"|(?:le|la|les) derni(?:er|ère|ers|ères)|l['’](?:un|une|autre)|elle-même|lui-même)",
    re.IGNORECASE,
)
# Who « l'un des voisins » is, no shorter words say; nor who « d'autres » are.
_WHOLE = r"(?!(?:l['’])?une?\s+d(?:es?\s|['’])|d['’](?:autres|aucuns)(?!\s))"
_ARTICLES = r"le|la|les|un|une|des|du|ce|cet|cette|ces|son|sa|ses|leur|leurs|mon|ma|mes|notre|nos|votre|vos|de|aux?"
_ARTICLE = re.compile(rf"{_WHOLE}(?:(?:{_ARTICLES})\s+|[ld]['’]\s?)+", re.IGNORECASE)
_DETERMINER = re.compile(
    rf"{_WHOLE}(?:(?:{_ARTICLES}|plusieurs|certaine?s|quelques|chaque|tou(?:te)?s|d['’]autres)\s+|[ld]['’]\s?)+", re.IGNORECASE
)
CIVILITY = re.compile(
    r"(?:(?:MM?|Mmes?|Mlles?|Mr|Mgr|Dr|Drs|Pr|Prof|Me|Monsieur|Messieurs|Monseigneur|Mesdames|Madame|Mademoiselle"
    r"|Maîtres?|Docteurs?|Professeurs?)\b(?:\.\s*|\s+))+"
)
# Alone, or behind a civility; not « NKM », which shares no word with the name that it is short for.
_SURNAME = re.compile(rf"(?!{CAPITAL}++(?![\w'’-])){CAPITAL}[\w'’-]*+(?:\s++{CAPITAL}[\w'’-]*+)*+")
# What a name may begin with in lower case.
_PARTICLE = re.compile(
    r"(?:ag|al|ben|bin|bint|da|das|de|del|della|den|der|des|di|do|dos|du|el|et|ibn|la|le|ould|ter|van|von|y)\b|[dl]['’]"
)
# « Mme von der » of « Mme von der Leyen ».
_ADDRESS = re.compile(rf"{CIVILITY.pattern}(?:(?:{_PARTICLE.pattern})\s*)*+")
_DESCRIBED = re.compile(
    rf"(?>(?i:{_DETERMINER.pattern}))[a-zà-ÿœ].*?\s(?:de\s+|d['’]\s?)(?:{_ADDRESS.pattern})?({_SURNAME.pattern})", re.DOTALL
)
# Whoever speaks through it: « le compte de Jean Dupont », « les propos du maire ».
_WORDS_OF = re.compile(
    rf"{_DETERMINER.pattern}(?:\w+\s+)?(?:compte|confidence|déclaration|dire|explication|message|mot|parole|post|propos|récit"
    r"|renseignement|témoignage|terme|tweet)s?(?:\s+(?:officiel|personnel)s?)?\s+(?:d['’]\s?|de\s+|(?=du\s|des\s))",
    re.IGNORECASE,
)
# What joins an organ to its body, at the end of the words before the body's name.
_COMPLEMENT = re.compile(r"(?:\b(?:de|du|des|de la)\s+|\bd['’]|\bde l['’])$", re.IGNORECASE)
_LONGEST_COMPLEMENT = 16
_KINDS = tuple(EntityKind)
# Share of the tags of a mention that has to be for one kind; chosen on articles that the model had not read.
_SURE = 0.7


def person_names(evidence: Evidence, index: int) -> set[str]:
    """Return the folded words of a person's proper name in mention (candidate) `index`; none where it names nobody."""
    if kind_of(evidence, [index]) is not EntityKind.PERSON:
        return set()
    text = evidence.text.text
    mention = speaker_of(text, evidence.spans[index])
    names = own_names(evidence, mention) or _surname(evidence, mention)
    return {word for name in names for word in _words(text, name)}


def name_of_another(evidence: Evidence, index: int) -> set[str]:
    """Return the folded words of the name by which a mention (candidate) that has none is described: « l'avocat de Roux »."""
    text = evidence.text.text
    found = _DESCRIBED.fullmatch(text, *speaker_of(text, evidence.spans[index]))
    return _words(text, Span(*found.span(1))) if found else set()


def _words(text: str, name: Span) -> set[str]:
    return {fold(word) for word in WORD.findall(name.of(text)) if word[0].isupper() and len(word) > 1}


def speaker_of(text: str, form: Span) -> Span:
    """Return whose words `form` names; `form` itself if it names somebody."""
    return without(text, form, _WORDS_OF)


def is_pronoun(evidence: Evidence, index: int) -> bool:
    """Tell whether mention (candidate) `index` is a pronoun, which names nobody."""
    return _PRONOUN.fullmatch(evidence.spans[index].of(evidence.text.text)) is not None


def kind_of(evidence: Evidence, mentions: Sequence[int]) -> EntityKind:
    """Return what the tags say of `mentions` together."""
    return _KINDS[int(evidence.kinds[mentions].sum(axis=0).argmax())]


def sure_kind_of(evidence: Evidence, index: int) -> EntityKind | None:
    """Return what the tags say of mention (candidate) `index`; None if they are not sure."""
    shares = evidence.kinds[index]
    return _KINDS[int(shares.argmax())] if shares.max() > _SURE * shares.sum() else None


def names_inside(evidence: Evidence, mention: Span) -> list[Span]:
    """Return the spans tagged as names inside `mention`."""
    names = evidence.names
    first = bisect_left(names, mention.begin, key=attrgetter("begin"))
    behind = bisect_left(names, mention.end, key=attrgetter("begin"))
    return [name for name in names[first:behind] if name.end <= mention.end]


def is_inside_name(evidence: Evidence, span: Span) -> bool:
    """Tell whether `span` is a part of a span tagged as a name: « Goff » of « Anne Le Goff »."""
    before = bisect_right(evidence.names, span.begin, key=attrgetter("begin")) - 1
    return before >= 0 and evidence.names[before].contains(span)


def own_names(evidence: Evidence, mention: Span) -> list[Span]:
    """Return the names inside a person's `mention` that are the person's own: « le bras droit de Jean Dupont » has none."""
    text = evidence.text.text
    # Nor is one that begins as a noun does: « procureur de la République de Tarbes ».
    names = [name for name in names_inside(evidence, mention) if not text[name.begin].islower() or _PARTICLE.match(text, *name)]
    described = _DETERMINER.match(text, mention.begin, mention.end)
    return [name for name in names if not described or complement_before(text, name, described.end()) is None]


def _surname(evidence: Evidence, mention: Span) -> list[Span]:
    """Return the name in a person's `mention` that is nothing else: « M. Le Goff », « Le Goff », but not « le Breton »."""
    text = evidence.text.text
    name = without(text, without(text, mention, _DETERMINER), _ADDRESS)
    if not _SURNAME.fullmatch(text, *name) or _PRONOUN.fullmatch(text, *name):
        return []
    is_determined = name == without(text, mention, _DETERMINER) != mention and len(WORD.findall(name.of(text))) == 1
    if is_determined and not any(whole.of(text).endswith(mention.of(text)) for whole in evidence.names):
        return []
    return [name]


def complement_before(text: str, name: Span, begin: int) -> re.Match[str] | None:
    """Return what joins `name` to the words between `begin` and it, as the complement of a noun."""
    return _COMPLEMENT.search(text, max(begin, name.begin - _LONGEST_COMPLEMENT), name.begin)


def bare(text: str, form: Span) -> Span:
    """Return `form` without determiner and civility."""
    return without(text, without(text, form, _DETERMINER), CIVILITY)


def undetermined(text: str, form: Span) -> Span:
    """Return `form` without article and civility, but with how many it is of: « certains élus » are not all of them."""
    return without(text, without(text, form, _ARTICLE), CIVILITY)


def without(text: str, span: Span, prefix: re.Pattern[str]) -> Span:
    """Return `span` without what it begins with, unless it is nothing else."""
    found = prefix.match(text, span.begin, span.end)
    return Span(found.end(), span.end) if found and found.end() < span.end else span
