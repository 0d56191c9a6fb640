"""A gold document and its prediction -> what of each aligned pair of quotations is right."""

from collections.abc import Mapping
from dataclasses import dataclass

from guillemet_client import Span
from guillemet_evaluation.alignment import AlignedPair, Content, align
from guillemet_evaluation.documents import Document, Entity, Quotation
from guillemet_evaluation.naming import Names, folded
from guillemet_evaluation.results import Outcome, Pair
from guillemet_evaluation.trimming import trimmed

# Character IoU from which on a pair matches, and two sources are the same.
MATCHES_FROM = 0.5


class Side:
    """A document with what is compared of it: its quotations, but for those of nothing but marks."""

    def __init__(self, document: Document) -> None:
        self.document = document
        entities: Mapping[str, Entity] = {entity.id: entity for entity in document.entities}
        contents = [
            Content(trimmed(document.text, said.spans), said.type or "", said.source or (), said.cue or ())
            for said in document.quotations
        ]
        # What has no spans, and so nothing to trim, was said and is compared: with nothing.
        is_empty = [bool(said.spans) and not content.spans for said, content in zip(document.quotations, contents, strict=True)]
        self.indices = [index for index, empty in enumerate(is_empty) if not empty]
        """Of the quotations that are compared, among those of the document."""
        self.empty = [index for index, empty in enumerate(is_empty) if empty]
        """Of the others."""
        self.contents = [contents[index] for index in self.indices]
        self.quotations = [document.quotations[index] for index in self.indices]
        self.speakers = [entities.get(quotation.speaker or "") for quotation in self.quotations]
        self.names = Names(document, self.quotations, folded)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is right in a prediction that shares characters with a gold quotation."""

    pair: AlignedPair
    type: bool | None
    """None: the prediction does not say."""
    cue_overlaps: bool
    """Both have one."""
    cue_exact: bool
    """Both have one."""
    source: bool
    source_exact: bool
    speaker: bool
    kind: bool
    institution: bool

    @property
    def exact(self) -> bool:
        """Whether the contents are the same characters."""
        return self.pair.gold_length == self.pair.predicted_length == self.pair.shared

    @property
    def matches(self) -> bool:
        """Whether the two are the same quotation."""
        return self.pair.iou >= MATCHES_FROM

    def reaches(self, iou: float) -> bool:
        """Tell whether the contents have at least that IoU."""
        return self.pair.iou >= iou

    def covers(self, share: float) -> bool:
        """Tell whether the prediction holds more than that share of the gold characters."""
        return self.pair.shared > share * self.pair.gold_length


def judge(gold: Side, predicted: Side) -> list[Judgement]:
    """Return what is right in each aligned pair, in the order of the gold quotations."""
    return [_judgement(gold, predicted, pair) for pair in align(gold.contents, predicted.contents)]


def pairs_of(gold: Side, predicted: Side, judgements: list[Judgement]) -> tuple[Pair, ...]:
    """Return what became of every quotation of either side, in the order of the first character."""
    partners = {judgement.pair.gold: judgement for judgement in judgements}
    aligned = {judgement.pair.predicted for judgement in judgements}
    found: list[Pair] = []
    for index, place in enumerate(gold.indices):
        if judgement := partners.get(index):
            answer = predicted.indices[judgement.pair.predicted]
            found.append(Pair(gold=place, predicted=answer, iou=judgement.pair.iou, outcomes=_outcomes(judgement)))
        else:
            found.append(Pair(gold=place, predicted=None, iou=0.0, outcomes=(Outcome.MISSED,)))
    for index, place in enumerate(predicted.indices):
        if index not in aligned:
            unplaced = () if predicted.contents[index].spans else (Outcome.UNPLACED,)
            found.append(Pair(gold=None, predicted=place, iou=0.0, outcomes=(Outcome.SPURIOUS, *unplaced)))
    found += [Pair(gold=None, predicted=place, iou=0.0, outcomes=(Outcome.EMPTY,)) for place in predicted.empty]
    return tuple(sorted(found, key=lambda pair: _begin(gold.document, predicted.document, pair)))


def _begin(gold: Document, predicted: Document, pair: Pair) -> int:
    """Return the first character of a pair; the end of the text for what has no place in it."""
    quotation = predicted.quotations[pair.predicted or 0] if pair.gold is None else gold.quotations[pair.gold]
    return quotation.spans[0].begin if quotation.spans else len(gold.text)


def _judgement(gold: Side, predicted: Side, pair: AlignedPair) -> Judgement:
    g, p = pair.gold, pair.predicted
    truth, answer = gold.quotations[g], predicted.quotations[p]
    speaker, answered = gold.speakers[g], predicted.speakers[p]
    institution, answered_institution = gold.names.institutions[g], predicted.names.institutions[p]
    return Judgement(
        pair=pair,
        type=None if answer.type is None else truth.type == answer.type,
        cue_overlaps=_overlap(truth.cue, answer.cue) > 0,
        cue_exact=truth.cue is not None and truth.cue == answer.cue,
        source=_same_source(truth, answer),
        source_exact=truth.source == answer.source,
        speaker=gold.names.accepts(g, predicted.names.speakers[p]),
        kind=speaker is not None and answered is not None and speaker.kind == answered.kind,
        institution=gold.names.canonical(institution) == gold.names.canonical(answered_institution),
    )


def _outcomes(judgement: Judgement) -> tuple[Outcome, ...]:
    """Return what became of an aligned pair, the gravest first."""
    boundary = () if judgement.exact else (Outcome.BOUNDARY,)
    if not judgement.matches:
        return (Outcome.MISSED, Outcome.SPURIOUS, *boundary)
    errors = {
        Outcome.WRONG_SPEAKER: judgement.speaker,
        Outcome.WRONG_SOURCE: judgement.source,
        Outcome.WRONG_INSTITUTION: judgement.institution,
        Outcome.WRONG_TYPE: judgement.type,
    }
    found = (*(outcome for outcome, is_right in errors.items() if is_right is False), *boundary)
    return found or (Outcome.FOUND,)


def _same_source(truth: Quotation, answer: Quotation) -> bool:
    if truth.source is None or answer.source is None:
        return truth.source is answer.source
    shared = _overlap(truth.source, answer.source)
    either = sum(end - begin for begin, end in (truth.source, answer.source)) - shared
    return shared >= MATCHES_FROM * either


def _overlap(one: Span | None, other: Span | None) -> int:
    """Return how many characters two spans share."""
    if one is None or other is None:
        return 0
    return max(0, min(one.end, other.end) - max(one.begin, other.begin))
