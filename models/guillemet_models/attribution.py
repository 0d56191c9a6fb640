"""Spans and relations -> quotations, each with its type, its cue and its source."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from guillemet_models.decoding import TaggedSpan, Tagging
from guillemet_models.document import QuotationType, Span
from guillemet_models.pairing import Candidate, Pairs
from guillemet_models.scheme import CONTENT, CUE, INSTITUTION, MENTION, NAME, NESTED, ROLE, SOURCE, Relation, SpanKind
from guillemet_models.tokenization import TokenizedText

# How far a boundary may stand from a quotation mark, in tokens, to be taken for it.
SNAP_TOKENS = 2
_NEARBY = sorted(range(-SNAP_TOKENS, SNAP_TOKENS + 1), key=abs)
# Of the letters of a content, so many in marks make it direct; a stray article outside of them changes nothing.
WHOLLY_QUOTED = 0.9
# What a content does not end or begin with, marks aside.
_EDGE = " \t\r\n\u00a0\u202f\u2009,;:"
_TRAILING = _EDGE + ".–—-"


@dataclass(frozen=True)
class Evidence:
    """All that the model says of one text."""

    text: TokenizedText
    tagging: Tagging
    found: Sequence[Candidate]  # in the order of the text
    tagged: Sequence[TaggedSpan]  # how each of them was tagged
    relations: "RelationProbabilities"

    @cached_property
    def names(self) -> list[Span]:
        """Those tagged as names, in the order of the text."""
        return [self.text.characters(name.first, name.last) for name in self.tagging.spans[NAME]]

    @cached_property
    def spans(self) -> list[Span]:
        """Where each candidate stands in the text, with the mark that closes a bracket of its own."""
        return [_bracketed(self.text.text, self.text.characters(found.first, found.last)) for found in self.found]

    @cached_property
    def kinds(self) -> NDArray[np.float64]:
        """How much of the tags of each candidate is for each kind of entity, ``(len(found), len(EntityKind))``."""
        inside = self.tagging.inside[MENTION]
        before = np.concatenate([np.zeros((1, inside.shape[1])), inside.cumsum(axis=0, dtype=np.float64)])
        tokens = np.array([(found.first, found.last + 1) for found in self.found], dtype=np.int64).reshape(-1, 2)
        shares: NDArray[np.float64] = (before[tokens[:, 1]] - before[tokens[:, 0]]) / np.diff(tokens)
        return shares


@dataclass(frozen=True, slots=True)
class Attributed:
    """A quotation before its speaker is known. Indices are into the candidates."""

    parts: tuple[int, ...]
    spans: tuple[Span, ...]
    type: QuotationType
    cue: int | None
    source: int | None
    probability: float
    source_probability: float


class RelationProbabilities:
    """What the relation head says of each first span: a distribution over its candidates and nobody."""

    def __init__(self, pairs: Pairs, scores: NDArray[np.float32]) -> None:
        self._table: dict[tuple[int, int], dict[int | None, float]] = {}
        if not len(scores):
            return
        order = np.lexsort((pairs.relations, pairs.pairs[:, 0]))
        heads, relations = pairs.pairs[order, 0], pairs.relations[order]
        begins = np.flatnonzero(np.diff(heads * len(Relation) + relations, prepend=-1))
        group = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(order)))
        values = scores[order].astype(np.float64)
        values = np.exp(values - np.maximum.reduceat(values, begins)[group])
        shares = (values / np.add.reduceat(values, begins)[group]).tolist()
        tails = [tail - 1 if tail else None for tail in pairs.pairs[order, 1].tolist()]
        keys = zip((heads[begins] - 1).tolist(), relations[begins].tolist(), strict=True)
        for key, begin, end in zip(keys, begins.tolist(), [*begins[1:].tolist(), len(order)], strict=True):
            self._table[key] = dict(zip(tails[begin:end], shares[begin:end], strict=True))

    def of(self, head: int, relation: Relation) -> dict[int | None, float]:
        """Return the probability of each candidate, and of None, for candidate `head`."""
        return self._table.get((head, relation), {None: 1.0})

    def likeliest(self, head: int, relation: Relation) -> int | None:
        """Return the most probable candidate, or None, for candidate `head`."""
        likely = self.of(head, relation)
        return max(likely, key=lambda tail: likely[tail])


def _bracketed(text: str, span: Span) -> Span:
    if text[span.end : span.end + 1] == ")" and (words := span.of(text)).count("(") > words.count(")"):
        return Span(span.begin, span.end + 1)
    return span


def candidates(text: TokenizedText, tagging: Tagging) -> tuple[list[Candidate], list[TaggedSpan]]:
    """Return the spans among which relations are sought, in the order of the text, with how each was tagged."""
    chosen: list[tuple[Candidate, TaggedSpan]] = []
    contents = _unbroken(text, tagging.spans[CONTENT])
    chosen += [(Candidate(SpanKind.CONTENT, span.first, span.last), span) for span in contents]
    for layer, kind in ((NESTED, SpanKind.CONTENT), (CUE, SpanKind.CUE)):
        chosen += [(Candidate(kind, span.first, span.last), span) for span in tagging.spans[layer]]
    sources = [_before_content(text, source, contents) for source in tagging.spans[SOURCE]]
    chosen += [(Candidate(SpanKind.MENTION, span.first, span.last, is_source=True), span) for span in sources]
    for mention in tagging.spans[MENTION]:
        # A mention around or inside a source is that source.
        place = bisect_left(sources, mention.first, key=lambda source: source.last)
        if place == len(sources) or sources[place].first > mention.last:
            chosen.append((Candidate(SpanKind.MENTION, mention.first, mention.last), mention))
    for layer, kind in ((ROLE, SpanKind.ROLE), (INSTITUTION, SpanKind.INSTITUTION)):
        chosen += [(Candidate(kind, span.first, span.last), span) for span in tagging.spans[layer]]
    unique: dict[Candidate, TaggedSpan] = {}
    for candidate, span in chosen:
        # Nobody is named by white space or marks alone.
        words = text.characters(span.first, span.last).of(text.text)
        if candidate.kind is SpanKind.CONTENT or any(map(str.isalnum, words)):
            unique.setdefault(candidate, span)
    ordered = dict(sorted(unique.items(), key=lambda item: (item[0].first, item[0].last, item[0].kind)))
    return list(ordered), list(ordered.values())


def _before_content(text: TokenizedText, source: TaggedSpan, contents: Sequence[TaggedSpan]) -> TaggedSpan:
    """Return a source without what a content that begins inside of it takes: no word both names who speaks and is spoken."""
    place = bisect_right(contents, source.first, key=lambda content: content.first)
    if place == len(contents) or contents[place].first > source.last or contents[place].last <= source.last:
        return source
    last = contents[place].first - 1
    while last > source.first and not any(map(str.isalnum, text.text[text.begins[last] : text.ends[last]])):
        last -= 1
    return replace(source, last=last)


def _unbroken(text: TokenizedText, contents: Sequence[TaggedSpan]) -> list[TaggedSpan]:
    """Return the contents, neighbours in one pair of marks made one: several sentences said in one go are one quotation."""
    joined: list[TaggedSpan] = []
    for span in contents:
        if joined and _in_one_pair(text, joined[-1], span):
            sureness = (joined[-1].probability + span.probability) / 2
            joined[-1] = replace(joined[-1], last=span.last, probability=sureness)
        else:
            joined.append(span)
    return joined


def _in_one_pair(text: TokenizedText, one: TaggedSpan, other: TaggedSpan) -> bool:
    """Tell whether nothing stands between the two, not even the marks of « »« »."""
    gap = text.text[text.ends[one.last] : text.begins[other.first]]
    around = text.depths[text.begins[one.last] : text.ends[other.first]]
    if any(map(str.isalnum, gap)) or not around.min():
        return False
    begins = (text.opens.get(token) for token in range(one.last + 1, other.first + 1))
    return all(begin is None or text.depths[begin] > 1 for begin in begins)


def attribute(evidence: Evidence) -> list[Attributed]:
    """Return the quotations, in the order of their first character."""
    text, found, tagged, relations = evidence.text, evidence.found, evidence.tagged, evidence.relations
    quotations = []
    for parts in _utterances(found, relations):
        spans = _content(text, [found[part] for part in parts], [tagged[part] for part in parts])
        if not spans:
            continue
        labels = [tagged[part] for part in parts]
        nested = labels[0].layer is NESTED
        cue, _ = _agreed(parts, Relation.CUE, relations)
        source, source_probability = _agreed(parts, Relation.SOURCE, relations)
        quotations.append(
            Attributed(
                parts=tuple(parts),
                spans=tuple(spans),
                type=_type(text, spans, labels, nested=nested),
                cue=cue,
                source=source,
                probability=fmean(label.probability for label in labels),
                source_probability=source_probability,
            )
        )
    return sorted(quotations, key=lambda quotation: (quotation.spans[0].begin, -quotation.spans[-1].end))


def _utterances(found: Sequence[Candidate], relations: RelationProbabilities) -> list[list[int]]:
    """Return the contents, those that go on with another in one list with it."""
    utterances: dict[int, list[int]] = {}
    sources: dict[int, int | None] = {}  # of the utterances, by their first content
    for index, candidate in enumerate(found):
        if candidate.kind is not SpanKind.CONTENT:
            continue
        before = relations.likeliest(index, Relation.CONTINUES)
        source = relations.likeliest(index, Relation.SOURCE)
        said_by = None if before is None else sources[utterances[before][0]]
        if source is not None and said_by is not None and source != said_by:
            before = None  # nobody goes on with another's words
        utterance = utterances[before] if before is not None else []
        utterance.append(index)
        utterances[index] = utterance
        if source is not None or utterance[0] == index:
            sources[utterance[0]] = source
    return list({id(utterance): utterance for utterance in utterances.values()}.values())


def _agreed(parts: Sequence[int], relation: Relation, relations: RelationProbabilities) -> tuple[int | None, float]:
    """Return what the parts of one quotation hold for the likeliest together."""
    total: dict[int | None, float] = {}
    for part in parts:
        for tail, probability in relations.of(part, relation).items():
            total[tail] = total.get(tail, 0.0) + probability / len(parts)
    best = max(total, key=lambda key: total[key])
    return best, total[best]


def _content(text: TokenizedText, parts: Sequence[Candidate], tagged: Sequence[TaggedSpan]) -> list[Span]:
    """Return the characters of the parts, boundaries moved onto the quotation marks they stand beside."""
    spans: list[Span] = []
    for part, label in zip(parts, tagged, strict=True):
        span = text.characters(part.first, part.last)
        if label.layer is NESTED or label.label == list(QuotationType).index(QuotationType.DIRECT):
            span = _snapped(text, part, span, singly=label.layer is CONTENT)
        span = _trimmed(text.text, span)
        place = bisect_left(spans, span)
        if span.begin < span.end and not any(span.overlaps(other) for other in spans[max(0, place - 1) : place + 1]):
            spans.insert(place, span)
    return spans


def _snapped(text: TokenizedText, part: Candidate, span: Span, *, singly: bool) -> Span:
    """Return `span` from mark to mark, or to one of them if `singly`: the mark behind an inner content may be the outer's."""
    begin = next((text.opens[part.first + shift] for shift in _NEARBY if part.first + shift in text.opens), None)
    end = next((text.closes[part.last + shift] for shift in _NEARBY if part.last + shift in text.closes), None)
    if not singly and (begin is None or end is None or text.depths[begin] != text.depths[end - 1]):
        return span
    snapped = Span(span.begin if begin is None else begin, span.end if end is None else end)
    return snapped if snapped.begin < snapped.end else span


def _depth(text: TokenizedText, at: int) -> int:
    return int(text.depths[at]) if 0 <= at < len(text.depths) else 0


def _trimmed(text: str, span: Span) -> Span:
    begin, end = span
    while begin < end and text[begin] in _EDGE:
        begin += 1
    while end > begin and text[end - 1] in _TRAILING:
        end -= 1
    return Span(begin, end)


def _type(text: TokenizedText, spans: Sequence[Span], labels: Sequence[TaggedSpan], *, nested: bool) -> QuotationType:
    """Return the type: the marks settle it where there are any, the model where there are none."""
    # Inside another's words, the marks around those do not count, if there are any.
    outer = min(_depth(text, spans[0].begin - 1), _depth(text, spans[-1].end)) if nested else 0
    in_marks = np.concatenate([text.depths[slice(*span)] for span in spans]) > outer
    if not in_marks.all():
        in_marks = in_marks[[character.isalnum() for span in spans for character in span.of(text.text)]]
    quoted = float(in_marks.mean()) if len(in_marks) else 1.0
    if quoted >= WHOLLY_QUOTED:
        return QuotationType.DIRECT
    if quoted:
        return QuotationType.MIXED
    verbatim = labels[0].layer is CONTENT and list(QuotationType)[labels[0].label] is QuotationType.DIRECT
    return QuotationType.DIRECT if verbatim else QuotationType.INDIRECT
