"""Annotations in the one format -> what the model is to say: tags for each layer, and which pairs of spans are related."""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from guillemet_models.document import EntityKind, QuotationType, Span
from guillemet_models.pairing import Candidate, Pairs, folded_name, propose
from guillemet_models.scheme import (
    BEGIN,
    CONTENT,
    CUE,
    END,
    INSIDE,
    INSTITUTION,
    LAYERS,
    MENTION,
    NAME,
    NESTED,
    ROLE,
    SINGLE,
    SOURCE,
    STATES_PER_LABEL,
    Layer,
    Relation,
    SpanKind,
)
from guillemet_models.tokenization import TokenizedText
from guillemet_models.training.augmentation import BARE_CAPITALS

T = TypeVar("T")

# A role is looked for this many characters around a mention of its bearer; further off the same words may be another's.
ROLE_REACH_CHARACTERS = 250
# Of the mentions that are no source, and of the names of those who do not speak (see `example`).
MISSED_SHARE = 0.08
STRANGER_SHARE = 0.25

_PROPER_NAME = re.compile(r"[^\W\d_a-zà-ÿ][\w’'-]+(?: (?:de |du |d['’]|la |le |van |ben |El )?[^\W\d_a-zà-ÿ][\w’'-]+)+")


@dataclass(frozen=True, slots=True)
class Example:
    """One annotated text, as the model is trained on it."""

    text: TokenizedText
    tags: NDArray[np.int64]  # (n, len(LAYERS))
    pairs: Pairs
    is_true: NDArray[np.bool_]  # (n_pairs,); every group of a first span and a relation has at least one


def example(document: dict[str, Any], text: TokenizedText, disturbance: random.Random | None = None) -> Example:
    """Return what the model is to say of `document`, tokenized as `text`.

    Args:
        document: In the one format.
        text: Its text.
        disturbance: Relations are trained among true mentions, but used among those that the tagger finds: with this some
            mentions are left out and some names of people who do not speak are put in, as a tagger would.
    """
    gold = _Gold(document, text)
    candidates = gold.candidates(disturbance)
    pairs = propose(text, [candidate for candidate, _ in candidates])
    facts: list[_Fact] = [_Fact(), *(fact for _, fact in candidates)]
    is_true = np.array(
        [
            _holds(Relation(relation), facts[head], facts[tail], tail == 0)
            for (head, tail), relation in zip(pairs.pairs, pairs.relations, strict=True)
        ],
        dtype=bool,
    )
    # Where no proposed pair holds, "nobody" is the answer: it stands first in its group.
    groups = pairs.pairs[:, 0] * len(Relation) + pairs.relations
    answered = set(groups[is_true].tolist())
    nobody = pairs.pairs[:, 1] == 0
    is_true |= nobody & np.array([group not in answered for group in groups.tolist()], dtype=bool)
    return Example(text, gold.tags, pairs, is_true)


@dataclass(frozen=True, slots=True)
class _Fact:
    """What is known of a candidate: whose it is, and what it means."""

    quotation: int | None = None
    part: int = 0
    cue: tuple[int, int] | None = None
    source: tuple[int, int] | None = None
    entity: str | None = None
    role: str | None = None
    institution: str | None = None
    tokens: tuple[int, int] | None = None


def _holds(relation: Relation, head: _Fact, tail: _Fact, nobody: bool) -> bool:  # noqa: FBT001
    if nobody:
        return False
    match relation:
        case Relation.CUE:
            holds = head.cue is not None and head.cue == tail.tokens
        case Relation.SOURCE:
            holds = head.source is not None and head.source == tail.tokens
        case Relation.CONTINUES:
            holds = head.quotation == tail.quotation and tail.part < head.part
        case Relation.ANTECEDENT | Relation.SPEAKER:
            holds = head.entity is not None and head.entity == tail.entity
        case Relation.ROLE:
            holds = head.role is not None and head.role == tail.role
        case Relation.INSTITUTION:
            holds = head.institution is not None and head.institution == tail.institution
    return holds


class _Gold:
    """A document's annotation, by tokens."""

    def __init__(self, document: dict[str, Any], text: TokenizedText) -> None:
        self.text = text
        self.entities: dict[str, dict[str, Any]] = {entity["id"]: entity for entity in document["entities"]}
        self.quotations: list[dict[str, Any]] = document["quotations"]
        self.tags = np.zeros((len(text), len(LAYERS)), dtype=np.int64)
        self._tag_quotations()
        self._tag_mentions()
        self._tag_roles_and_institutions()

    def candidates(self, disturbance: random.Random | None) -> list[tuple[Candidate, _Fact]]:
        """Return the spans among which relations hold, in the order of the text, each with what is known of it."""
        found = dict(self._contents_and_cues())
        sources = {
            source: quotation["speaker"] for quotation in self.quotations if (source := self._tokens(quotation["source"]))
        }
        for tokens, speaker in sources.items():
            found[Candidate(SpanKind.MENTION, *tokens, is_source=True)] = self._mention_fact(tokens, speaker)
        if disturbance:
            found |= {Candidate(SpanKind.MENTION, *tokens): _Fact(tokens=tokens) for tokens in self._strangers(disturbance)}
        for tokens, name in self.mentions:
            if disturbance and disturbance.random() < MISSED_SHARE:
                continue
            if not any(_meet(tokens, source) and (name == owner or tokens == source) for source, owner in sources.items()):
                found.setdefault(Candidate(SpanKind.MENTION, *tokens), self._mention_fact(tokens, name))
        found |= {Candidate(SpanKind.ROLE, *tokens): _Fact(role=words) for tokens, words in self.roles}
        found |= {Candidate(SpanKind.INSTITUTION, *tokens): _Fact(institution=words) for tokens, words in self.institutions}
        return sorted(found.items(), key=lambda item: (item[0].first, item[0].last, item[0].kind))

    def _contents_and_cues(self) -> Iterator[tuple[Candidate, _Fact]]:
        for number, quotation in enumerate(self.quotations):
            cue, source = self._tokens(quotation["cue"]), self._tokens(quotation["source"])
            if cue:
                yield Candidate(SpanKind.CUE, *cue), _Fact(tokens=cue)
            for part, span in enumerate(quotation["spans"]):
                if tokens := self._tokens(span):
                    fact = _Fact(quotation=number, part=part, cue=cue, source=source, entity=quotation["speaker"])
                    yield Candidate(SpanKind.CONTENT, *tokens), fact

    def _strangers(self, disturbance: random.Random) -> Iterator[tuple[int, int]]:
        """Yield names of those who do not speak."""
        spoken = (self.tags[:, LAYERS.index(MENTION)] + self.tags[:, LAYERS.index(SOURCE)]) > 0
        for found in _PROPER_NAME.finditer(self.text.text):
            tokens = self.text.tokens(Span(*found.span()))
            if tokens and not spoken[tokens[0] : tokens[1] + 1].any() and disturbance.random() < STRANGER_SHARE:
                yield tokens

    def _mention_fact(self, tokens: tuple[int, int], entity_id: str | None) -> _Fact:
        entity = self.entities.get(entity_id or "")
        return _Fact(
            entity=entity_id,
            role=folded_name([entity["role"]]) if entity and entity["role"] else None,
            institution=folded_name([entity["institution"]]) if entity and entity["institution"] else None,
            tokens=tokens,
        )

    def _tokens(self, span: Sequence[int] | None) -> tuple[int, int] | None:
        return self.text.tokens(Span(*span)) if span else None

    def _tag(self, layer: Layer, label: int, span: Sequence[int] | None) -> tuple[int, int] | None:
        """Tag a span unless another of the layer is in the way; return its tokens if it was tagged."""
        tokens = self._tokens(span)
        if tokens is None:
            return None
        first, last = tokens
        column = self.tags[first : last + 1, LAYERS.index(layer)]
        if column.any():
            return None
        base = 1 + STATES_PER_LABEL * label
        column[:] = base + INSIDE
        column[0], column[-1] = base + BEGIN, base + END
        if first == last:
            column[0] = base + SINGLE
        return tokens

    def _tag_quotations(self) -> None:
        labels = {kind: index for index, kind in enumerate(QuotationType)}
        hulls = [Span(quotation["spans"][0][0], quotation["spans"][-1][1]) for quotation in self.quotations]
        for number, quotation in enumerate(self.quotations):
            nested = any(
                hull.contains(hulls[number]) and (hull != hulls[number] or other < number)
                for other, hull in enumerate(hulls)
                if other != number
            )
            for span in quotation["spans"]:
                if nested:
                    self._tag(NESTED, 0, span)
                else:
                    self._tag(CONTENT, labels[QuotationType(quotation["type"])], span)
            self._tag(CUE, 0, quotation["cue"])
            self._tag(SOURCE, 0, quotation["source"])

    def _tag_mentions(self) -> None:
        labels = {kind: index for index, kind in enumerate(EntityKind)}
        spans = [(Span(*span), entity) for entity in self.entities.values() for span in entity["mentions"]]
        # The longest first: a mention inside another is left to the layers of names and institutions.
        spans.sort(key=lambda item: item[0].begin - item[0].end)
        self.mentions: list[tuple[tuple[int, int], str]] = []
        for span, entity in spans:
            if tokens := self._tag(MENTION, labels[EntityKind(entity["kind"])], span):
                self.mentions.append((tokens, entity["id"]))
                if found := _as_set(entity["name"]).search(span.of(self.text.text)):
                    self._tag(NAME, 0, (span.begin + found.start(), span.begin + found.end()))

    def _tag_roles_and_institutions(self) -> None:
        self.roles: list[tuple[tuple[int, int], str]] = []
        self.institutions: list[tuple[tuple[int, int], str]] = []
        for entity in self.entities.values():
            mentions = [Span(*span) for span in entity["mentions"]]
            for span in _occurrences(self.text.text, entity["role"]):
                if any(_distance(span, mention) <= ROLE_REACH_CHARACTERS for mention in mentions) and (
                    tokens := self._tag(ROLE, 0, span)
                ):
                    self.roles.append((tokens, folded_name([entity["role"]])))
        institutions = {entity["institution"] for entity in self.entities.values() if entity["institution"]}
        for institution in sorted(institutions, key=len, reverse=True):
            for span in _occurrences(self.text.text, institution):
                if tokens := self._tag(INSTITUTION, 0, span):
                    self.institutions.append((tokens, folded_name([institution])))


def _occurrences(text: str, words: str | None) -> Iterator[Span]:
    if words:
        for found in re.finditer(rf"(?<!\w)(?:{_as_set(words).pattern})(?!\w)", text):
            yield Span(*found.span())


@lru_cache(maxsize=4096)
def _as_set(words: str) -> re.Pattern[str]:
    """Match `words` with any spaces between them, in capitals too, and with capitals that lack their accents."""
    bare, loud = words.translate(BARE_CAPITALS), words.upper()
    ways = dict.fromkeys((words, bare, loud, bare.upper(), loud.translate(BARE_CAPITALS)))
    return re.compile("|".join(r"\s+".join(map(re.escape, way.split())) for way in ways))


def _distance(one: Span, other: Span) -> int:
    return max(0, one.begin - other.end, other.begin - one.end)


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def batches_by_length(items: Iterable[T], size: int, length: Callable[[T], int]) -> list[list[T]]:
    """Return batches of `size` items of like length, so that little is padded."""
    ordered = sorted(items, key=length)
    return [ordered[begin : begin + size] for begin in range(0, len(ordered), size)]
