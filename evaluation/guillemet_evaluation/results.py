"""What an evaluation says.

Quotations of gold and prediction are aligned one to one; an aligned pair *matches* from a character IoU of 0.5 on.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from guillemet_evaluation.documents import Document
from guillemet_evaluation.figures import Accuracy, Calibration, Rates, Score, Slice

# Of fractions in JSON.
DECIMALS = 6


class Outcome(StrEnum):
    """What became of a quotation, the gravest first."""

    MISSED = "missed"
    """Of gold: no prediction matches it."""
    SPURIOUS = "spurious"
    """Of a prediction: it matches no gold quotation."""
    WRONG_SPEAKER = "wrong speaker"
    WRONG_SOURCE = "wrong source"
    WRONG_INSTITUTION = "wrong institution"
    """Of pairs whose gold speaker has an institution, or whose predicted one has."""
    WRONG_TYPE = "wrong type"
    BOUNDARY = "boundary"
    """The contents overlap, and are not the same."""
    FOUND = "found"
    """Nothing of the above."""
    EMPTY = "empty"
    """Of a prediction: nothing but marks, punctuation and white space. It is in no figure."""
    UNPLACED = "unplaced"
    """Of a spurious prediction: it has no spans, for its words have no place in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A gold quotation with the prediction that is aligned to it, or one of either alone."""

    gold: int | None
    """Index among the quotations of the gold document; None: nothing there."""
    predicted: int | None
    """Index among the quotations of the predicted document; None: nothing there."""
    iou: float
    """Of the characters of the two trimmed contents. Below 0.5 the pair is a near miss: the one missed, the other spurious."""
    outcomes: tuple[Outcome, ...]
    """At least one, the gravest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDocument:
    """A gold document beside its prediction."""

    gold: Document
    predicted: Document | None
    """None: there is none, which counts as a document without quotations."""
    outlet: str
    """As the slice by outlet names it."""
    pairs: tuple[Pair, ...]
    """In the order of the first character, unplaced ones last; every quotation of either side stands in exactly one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparable:
    """What other scorers count in another way, for comparison with their figures only.

    The coverage of a gold quotation is the share of its characters that the prediction aligned to it holds, however long that
    is (GenderGapTracker). It is lenient: a prediction of the whole article covers any one quotation.

    Names are folded through ASCII, as is often done: a typographic apostrophe vanishes (« l’Élan » becomes "lelan", another
    name than « Élan ») and so does every letter of another alphabet.
    """

    lenient_coverage30: Score
    """Gold covered by more than 0.3."""
    lenient_coverage80: Score
    """Gold covered by more than 0.8."""
    joint_speaker: Score
    """Quotation matched and speaker right, names folded through ASCII."""
    short_source_speaker: Accuracy
    """Of the speaker where the source has at most five characters, be it a pronoun (« elle ») or not (« l'ONU »)."""
    institution_contained: Accuracy
    """Of the institution where gold has one: right if the one name contains the other."""
    sources_per_article: Score
    """Of the sets of speakers of each document, names folded through ASCII; a name of two entities stands for the later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A system's predictions measured against gold documents."""

    gold: int
    """Quotations."""
    predicted: int
    """Quotations, with those that have no place in the text, without those of nothing but marks."""
    missing: tuple[str, ...]
    """Ids of the gold documents without a prediction; they count as predicted to hold no quotation."""

    exact: Score
    """The same characters, trimmed."""
    iou80: Score
    iou50: Score
    characters: Score
    """Of all quotations of a document together; counted in characters."""
    by_type: Mapping[str, Score]
    """At IoU 0.5: of the predictions of a type those that match, of the gold of a type that which is matched, whatever type the
    other has (`type_confusion` counts that)."""
    by_type_mean: Rates
    """Mean over the types that occur."""

    type_accuracy: Accuracy
    """Of matching pairs."""
    type_mean: Rates
    """Of matching pairs: mean over the types that occur (macro)."""
    type_confusion: Mapping[str, Mapping[str, int]]
    """Of matching pairs: gold type to predicted type ("none": not said) to number."""

    cue_exact: Score
    """Quotation matched and cue the same; of quotations that have a cue."""
    cue_overlap: Score
    """Quotation matched and cue overlapping; of quotations that have a cue."""
    cue_accuracy: Accuracy
    """Overlapping, of matching pairs whose gold has a cue."""

    source_accuracy: Accuracy
    """Of matching pairs: the two mentions have an IoU of at least 0.5, or neither side has one."""
    source_exact: Accuracy
    """Of matching pairs: the same span, or neither side has one."""
    joint_source: Score
    """Quotation matched and source right."""

    speaker_accuracy: Accuracy
    """Of matching pairs: the predicted name is a name or mention of the gold speaker (folded), or neither side has one."""
    joint_speaker: Score
    """The headline: quotation matched and speaker right."""
    speaker_by_source: Mapping[str, Accuracy]
    """Of matching pairs by what the gold source is: "named", "nominal", "pronoun", "none"."""
    kind_accuracy: Accuracy
    """Of matching pairs whose gold has a speaker."""
    sources_per_article: Score
    """Of the sets of speakers of each document."""

    institution_accuracy: Accuracy
    """Of matching pairs, no institution being one of the answers."""
    institution_stated_accuracy: Accuracy
    """Of matching pairs whose gold speaker has an institution."""
    joint_institution: Score
    """Quotation matched and institution right, of quotations whose speaker has one."""

    comparable: Comparable
    calibration: Mapping[str, Calibration]
    """By decision, "quotation", "source", "speaker", "institution", "joint_source", "joint_speaker"; only those of which some
    answer states a probability."""
    slices: Mapping[str, Mapping[str, Slice]]
    """By what the slices are cut ("outlet", "marks", …), then by its value."""
    documents: tuple[JudgedDocument, ...]
    """In the order of the gold documents."""
    resamples: int
    seed: int

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """How many pairs have each outcome; a pair may have several."""
        counted = Counter(outcome for document in self.documents for pair in document.pairs for outcome in pair.outcomes)
        return {outcome: counted[outcome] for outcome in Outcome}

    def figures(self) -> dict[str, Rates | Accuracy]:
        """Return what has a value and an interval, by name: "joint_speaker", "comparable.lenient_coverage30"."""
        return _figures(self)

    def to_json(self) -> dict[str, Any]:
        """Return everything, ready for ``json.dumps``: NaN is null, and of each document its id, outlet and pairs."""
        return {**to_json(self), "outcomes": to_json(self.outcomes)}


def _figures(owner: Any) -> dict[str, Rates | Accuracy]:
    found: dict[str, Rates | Accuracy] = {}
    for field in dataclasses.fields(owner):
        value = getattr(owner, field.name)
        if isinstance(value, Rates | Accuracy):
            found[field.name] = value
        elif isinstance(value, Comparable):
            found |= {f"{field.name}.{name}": figure for name, figure in _figures(value).items()}
        elif field.name in {"by_type", "speaker_by_source"}:
            found |= {f"{field.name}.{name}": figure for name, figure in value.items()}
    return found


def to_json(value: Any) -> Any:
    """Return a part of an evaluation ready for ``json.dumps``."""
    if isinstance(value, JudgedDocument):
        has_prediction = value.predicted is not None
        return {"id": value.gold.id, "outlet": value.outlet, "has_prediction": has_prediction, "pairs": to_json(value.pairs)}
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, DECIMALS)
    if dataclasses.is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_json(element) for name, element in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(element) for element in value]
    return value
