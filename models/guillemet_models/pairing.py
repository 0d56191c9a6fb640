"""Which spans may stand in which relation, and what is plain to see about each pair: distance, order, form of the names.

The same pairs are proposed in training and in use. For each first span and relation the pair with "nobody" is among them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from guillemet_models.agreement import Agreement, agreements
from guillemet_models.folding import WORD, fold
from guillemet_models.scheme import Relation, SpanKind
from guillemet_models.tokenization import TokenizedText


class Candidate(NamedTuple):
    """A span that may stand in a relation."""

    kind: SpanKind
    first: int  # token
    last: int  # token, included
    is_source: bool = False  # of words that are somebody's: who speaks once is likely to go on


@dataclass(frozen=True, slots=True)
class Pairs:
    """What the relation head is asked. Index 0 of the spans is nobody."""

    spans: NDArray[np.int64]  # (1 + n_candidates, 2)
    kinds: NDArray[np.int64]  # (1 + n_candidates,)
    pairs: NDArray[np.int64]  # (n_pairs, 2)
    relations: NDArray[np.int64]  # (n_pairs,)
    features: NDArray[np.int64]  # (n_pairs, len(PAIR_FEATURE_SIZES))

    def parts(self, size: int) -> Iterator[tuple[slice, "Pairs"]]:
        """Yield the pairs, `size` at a time, with the spans that they are of, and the tokens from which these spans count."""
        for begin in range(0, len(self.pairs), size):
            own = slice(begin, begin + size)
            indices, pairs = np.unique(self.pairs[own], return_inverse=True)
            kinds, spans = self.kinds[indices], self.spans[indices]
            placed = spans[kinds != SpanKind.NOBODY]
            tokens = slice(int(placed.min()), int(placed.max()) + 1)
            spans = np.clip(spans - tokens.start, 0, None)  # nobody's may be any
            yield tokens, Pairs(spans, kinds, pairs.reshape(-1, 2), self.relations[own], self.features[own])


# How far each relation looks, in candidates of the right kind: (before, after) the first span.
REACH = {
    Relation.CUE: (4, 4),
    Relation.SOURCE: (5, 5),
    Relation.CONTINUES: (3, 0),
    Relation.ANTECEDENT: (40, 0),
    Relation.SPEAKER: (12, 6),
    Relation.ROLE: (6, 6),
    Relation.INSTITUTION: (8, 8),
}
_KINDS = {
    Relation.CUE: (SpanKind.CONTENT, SpanKind.CUE),
    Relation.SOURCE: (SpanKind.CONTENT, SpanKind.MENTION),
    Relation.CONTINUES: (SpanKind.CONTENT, SpanKind.CONTENT),
    Relation.ANTECEDENT: (SpanKind.MENTION, SpanKind.MENTION),
    Relation.SPEAKER: (SpanKind.CONTENT, SpanKind.MENTION),
    Relation.ROLE: (SpanKind.MENTION, SpanKind.ROLE),
    Relation.INSTITUTION: (SpanKind.MENTION, SpanKind.INSTITUTION),
}
_DISTANCES = np.array([1, 2, 3, 4, 6, 9, 14, 22, 35, 60, 100, 200, 400])
_RANKS = np.array([1, 2, 3, 5, 9, 17])
_MOST_SOURCES = 4
PAIR_FEATURE_SIZES = (
    1 + 2 * (len(_DISTANCES) + 1),  # 0 nobody; gap in tokens, before and after
    1 + 2 * 6,  # 0 nobody; sentences between, before and after
    1 + 5,  # 0 nobody; paragraphs between
    1 + 2 * (len(_RANKS) + 1),  # 0 nobody; rank among the candidates, before and after
    1 + 4,  # 0 nobody; apart, inside, around, the same
    1 + 9,  # 0 nobody; form of the one against the other
    1 + len(Agreement) ** 2,  # 0 nobody; gender and number of the one against the other
    1 + 1 + (_MOST_SOURCES + 1),  # 0 nobody; whether the second is a source, and how many others are between
)


def propose(text: TokenizedText, candidates: Sequence[Candidate]) -> Pairs:
    """Return every pair of `candidates` (in the order of the text) that some relation allows, with its features."""
    words = [written_words(text, candidate) for candidate in candidates]
    firsts: list[int] = []
    seconds: list[int] = []
    relations: list[int] = []
    ranks: list[int] = []
    of_kind = {kind: [i for i, c in enumerate(candidates) if c.kind == kind] for kind in SpanKind}
    for relation, (head_kind, tail_kind) in _KINDS.items():
        before, after = REACH[relation]
        tails = of_kind[tail_kind]
        for head in of_kind[head_kind]:
            place = bisect_left(tails, head)
            begin, end = max(0, place - before), min(len(tails), place + after)
            seconds += [-1, *tails[begin:end]]
            ranks += [0, *range(begin - place, end - place)]
            firsts += [head] * (1 + end - begin)
            relations += [int(relation)] * (1 + end - begin)
    spans = np.array([(0, 0), *((c.first, c.last) for c in candidates)], dtype=np.int64)
    pairs = np.array([firsts, seconds], dtype=np.int64).T.reshape(-1, 2)
    features = _features(text, candidates, words, pairs, np.array(ranks, dtype=np.int64))
    return Pairs(
        spans=spans,
        kinds=np.array([SpanKind.NOBODY, *(c.kind for c in candidates)], dtype=np.int64),
        pairs=pairs + 1,
        relations=np.array(relations, dtype=np.int64),
        features=features,
    )


def _features(
    text: TokenizedText,
    candidates: Sequence[Candidate],
    words: Sequence[Sequence[str]],
    pairs: NDArray[np.int64],
    ranks: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return ``(n_pairs, len(PAIR_FEATURE_SIZES))``; all zero for the pairs with nobody."""
    features = np.zeros((len(pairs), len(PAIR_FEATURE_SIZES)), dtype=np.int64)
    real = pairs[:, 1] >= 0
    if not real.any():
        return features
    spans = np.array([(candidate.first, candidate.last) for candidate in candidates], dtype=np.int64)
    first, second = pairs[real].T
    head, tail = spans[first], spans[second]
    tail_follows = tail[:, 0] >= head[:, 0]
    gap = np.where(tail_follows, tail[:, 0] - head[:, 1], head[:, 0] - tail[:, 1]).clip(0)
    features[real, 0] = 1 + np.digitize(gap, _DISTANCES) + tail_follows * (len(_DISTANCES) + 1)
    near_head = np.where(tail_follows, head[:, 1], head[:, 0])
    near_tail = np.where(tail_follows, tail[:, 0], tail[:, 1])
    sentences = np.abs(text.sentences[near_head] - text.sentences[near_tail])
    features[real, 1] = 1 + sentences.clip(max=5) + tail_follows * 6
    features[real, 2] = 1 + np.abs(text.paragraphs[near_head] - text.paragraphs[near_tail]).clip(max=4)
    distance = np.where(ranks[real] < 0, -1 - ranks[real], ranks[real])
    features[real, 3] = 1 + np.digitize(distance, _RANKS) + (ranks[real] >= 0) * (len(_RANKS) + 1)
    inside = (tail[:, 0] >= head[:, 0]) & (tail[:, 1] <= head[:, 1])
    around = (tail[:, 0] <= head[:, 0]) & (tail[:, 1] >= head[:, 1])
    features[real, 4] = 1 + inside + 2 * around
    features[real, 5] = 1 + _likenesses([_Form.of(written) for written in words], first, second)
    shown = np.array(agreements(words))
    features[real, 6] = 1 + len(Agreement) * shown[first] + shown[second]
    is_source = np.array([candidate.is_source for candidate in candidates])
    sources = np.cumsum([0, *is_source])  # before each candidate
    between = sources[np.maximum(first, second)] - sources[np.minimum(first, second) + 1]
    features[real, 7] = 1 + is_source[second] * (1 + between.clip(0, _MOST_SOURCES))
    return features


_FUNCTION_WORDS = frozenset(
    {"le", "la", "les", "l", "un", "une", "des", "du", "de", "d", "et", "a", "au", "aux", "en"}
    | {"m", "mme", "mr", "mlle", "dr", "me"}
)


def written_words(text: TokenizedText, candidate: Candidate) -> list[str]:
    """Return the words of a candidate that may name somebody, as they are written; none of others."""
    if candidate.kind not in {SpanKind.MENTION, SpanKind.INSTITUTION, SpanKind.ROLE}:
        return []
    return WORD.findall(text.characters(candidate.first, candidate.last).of(text.text))


class _Form(NamedTuple):
    """What is plain to see about the words of a span."""

    words: tuple[str, ...]  # folded, function words left out
    different: frozenset[str]  # of these
    names: frozenset[str]  # those with a capital
    initials: str

    @classmethod
    def of(cls, written: Sequence[str]) -> "_Form":
        folded = [fold(word) for word in written]
        kept = [(w, f) for w, f in zip(written, folded, strict=True) if f not in _FUNCTION_WORDS]
        words = tuple(f for _, f in kept)
        return cls(
            words,
            frozenset(words),
            frozenset(f for w, f in kept if w[0].isupper()),
            "".join(w[0] for w, _ in kept if w[0].isupper()).lower(),
        )

    def likeness(self, other: "_Form") -> int:
        """Return how the words of the two agree, from 0 (not at all)."""
        mine, theirs = self.different, other.different
        if mine.isdisjoint(theirs):  # as most are
            return 2 if _acronym(self, other) or _acronym(other, self) else 0
        grades = (
            (8, self.words == other.words),
            (7, mine <= theirs and self.names),
            (6, theirs <= mine and other.names),
            (5, mine <= theirs),
            (4, theirs <= mine),
            (3, self.names & other.names),
            (2, _acronym(self, other) or _acronym(other, self)),
            (1, self.words[0] == other.words[0]),
        )
        return next((grade for grade, holds in grades if holds), 0)


def _likenesses(forms: Sequence[_Form], first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how the forms of each pair agree; those of the same two words, as most are, are compared once."""
    places: dict[_Form, int] = {}
    place = np.array([places.setdefault(form, len(places)) for form in forms])
    different = list(places)
    pairs, which = np.unique(place[first] * len(different) + place[second], return_inverse=True)
    likeness = [different[one].likeness(different[other]) for one, other in zip(*np.divmod(pairs, len(different)), strict=True)]
    return np.array(likeness)[which]


def _acronym(short: _Form, long: _Form) -> bool:
    return len(short.words) == 1 and len(short.words[0]) > 1 and short.words[0] == long.initials


def name_words(name: str) -> tuple[str, ...]:
    """Return the folded words of `name`, without articles, prepositions and civilities: what two names are compared by."""
    return tuple(word for word in (fold(written) for written in WORD.findall(name)) if word not in _FUNCTION_WORDS)


def folded_name(words: Iterable[str]) -> str:
    """Return words as they are compared when two strings are asked to name the same."""
    return " ".join(fold(word) for text in words for word in WORD.findall(text))
