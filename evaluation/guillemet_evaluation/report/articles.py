"""A gold article beside its prediction: what became of every quotation, in the text and one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from guillemet_client import Span
from guillemet_client.viewing import Mark, laid_out
from guillemet_evaluation.documents import Document, Quotation
from guillemet_evaluation.results import JudgedDocument, Outcome, Pair

# Of the palette that the client's pages have; what is found draws no eye.
COLOURS = {
    Outcome.MISSED: 2,
    Outcome.SPURIOUS: 3,
    Outcome.WRONG_SPEAKER: 5,
    Outcome.WRONG_SOURCE: 1,
    Outcome.WRONG_INSTITUTION: 8,
    Outcome.WRONG_TYPE: 4,
    Outcome.BOUNDARY: 6,
    Outcome.FOUND: 0,
    Outcome.EMPTY: 7,
    Outcome.UNPLACED: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A quotation as one side has it."""

    content: Markup
    """With what the other side does not hold marked, where the contents differ; "": it has no place in the text."""
    rows: dict[str, str]
    """What else is said of it, by what it is; a dash for nothing."""
    probabilities: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A pair as it is shown."""

    number: int
    outcomes: Sequence[Outcome]
    types: Sequence[str]
    """Of both sides, without repetition."""
    iou: float
    gold: Side | None
    predicted: Side | None

    @property
    def colour(self) -> int:
        """Of the gravest outcome."""
        return COLOURS[self.outcomes[0]]

    @property
    def is_placed(self) -> bool:
        """Whether some of it stands in the text."""
        return Outcome.UNPLACED not in self.outcomes

    def differs(self, name: str) -> bool:
        """Tell whether a row of the two sides is judged to differ."""
        return f"wrong {name}" in self.outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An article as it is shown."""

    anchor: str
    id: str
    outlet: str
    text: Markup
    rows: Sequence[Row]
    has_prediction: bool


def judged(document: JudgedDocument, anchor: str) -> Judged:
    """Return a document as it is shown; `anchor` begins its ids."""
    rows = [_row(document, number, pair) for number, pair in enumerate(document.pairs, start=1)]
    pairs = zip(rows, document.pairs, strict=True)
    marks = [mark for row, pair in pairs for mark in _marks(row, _quotations(document, pair), anchor)]
    return Judged(
        anchor=anchor,
        id=document.gold.id,
        outlet=document.outlet,
        text=Markup(laid_out(document.gold.text, marks)),  # noqa: S704 (it escapes)
        rows=rows,
        has_prediction=document.predicted is not None,
    )


def _row(document: JudgedDocument, number: int, pair: Pair) -> Row:
    gold, predicted = _quotations(document, pair)
    is_cut_otherwise = Outcome.BOUNDARY in pair.outcomes
    return Row(
        number=number,
        outcomes=pair.outcomes,
        types=list(dict.fromkeys(str(side.type or "none") for side in (gold, predicted) if side)),
        iou=pair.iou,
        gold=_side(document.gold, gold, predicted if is_cut_otherwise else None),
        predicted=_side(document.predicted, predicted, gold if is_cut_otherwise else None),
    )


def _quotations(document: JudgedDocument, pair: Pair) -> tuple[Quotation | None, Quotation | None]:
    gold = None if pair.gold is None else document.gold.quotations[pair.gold]
    predicted = None if pair.predicted is None or document.predicted is None else document.predicted.quotations[pair.predicted]
    return gold, predicted


def _side(document: Document | None, quotation: Quotation | None, other: Quotation | None) -> Side | None:
    if document is None or quotation is None:
        return None
    speaker = next((entity for entity in document.entities if entity.id == quotation.speaker), None)
    name, institution = (speaker.name, speaker.institution) if speaker else (quotation.speaker_name, quotation.institution)
    said = {
        "type": quotation.type and str(quotation.type),
        "cue": quotation.cue and quotation.cue.of(document.text),
        "source": quotation.source and quotation.source.of(document.text),
        "speaker": name,
        "role": speaker.role if speaker else None,
        "institution": institution,
    }
    stated = {
        "quotation": quotation.probability,
        "source": quotation.source_probability,
        "speaker": quotation.speaker_probability,
        "institution": speaker.institution_probability if speaker else None,
    }
    return Side(
        content=_content(document.text, quotation.spans, other.spans if other else quotation.spans),
        rows={key: words or "–" for key, words in said.items()},
        probabilities={key: probability for key, probability in stated.items() if probability is not None},
    )


def _content(text: str, spans: Sequence[Span], others: Sequence[Span]) -> Markup:
    """Return the words of a content; those that the other content does not hold are marked."""
    return Markup(" […] ").join(Markup().join(_compared(text, span, others)) for span in spans)


def _compared(text: str, span: Span, others: Sequence[Span]) -> Iterator[Markup]:
    inside = {position for other in others for position in other if span.begin < position < span.end}
    for begin, end in pairwise(sorted({*span, *inside})):
        is_shared = any(other.begin <= begin and end <= other.end for other in others)
        words = escape(text[begin:end])
        yield words if is_shared else Markup("<mark>{}</mark>").format(words)


def _marks(row: Row, quotations: Sequence[Quotation | None], anchor: str) -> Iterator[Mark]:
    """Yield the extent in gold, and the predicted one; behind the first stands the number, a link to the comparison."""
    call = Markup(
        '<a class="call" id="{0}-call" href="#{0}" data-number="{1}" data-colour="{2}" aria-label="{1}, {3}"></a>'
    ).format(f"{anchor}-{row.number}", row.number, row.colour, ", ".join(row.outcomes))
    for name, quotation in zip(("gold", "predicted"), quotations, strict=True):
        if quotation is not None:
            attributes = {"class": name, "data-pair": str(row.number), "data-colour": str(row.colour)}
            yield Mark(quotation.spans, attributes, call)
            call = Markup()
