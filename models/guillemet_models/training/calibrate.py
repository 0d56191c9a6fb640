"""Fit a model folder's calibration on annotated articles that the model was not trained on."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment, minimize

from guillemet_models.calibration import Calibration, Scale, log_odds
from guillemet_models.document import Document, Quotation, Span
from guillemet_models.extractor import Extractor
from guillemet_models.pairing import name_words
from guillemet_models.runtime import OnnxRuntime
from guillemet_models.tokenization import TextTokenizer
from guillemet_models.training.reading import CorpusError, read
from guillemet_models.weights import TOKENIZER, read_settings

# At which character IoU two quotations, or two sources, are the same.
ALIGNED_FROM = 0.5
# How many prior answers hold a scale near "change nothing".
PRIOR_ANSWERS = 1.0
FOLDS = 5
BINS = 10

KINDS = tuple(field.name for field in dataclasses.fields(Calibration))


class Answer(NamedTuple):
    """One decision: what kind, how probable the model said it is, whether it is right, in which document."""

    kind: str
    probability: float
    is_right: bool
    document: int


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """Expected calibration errors of one kind of decision, in [0, 1]."""

    answers: int
    before: float
    after: float  # each fifth of the documents scaled by what was fitted on the others


def calibrate(folder: Path, corpus: Path) -> dict[str, CalibrationError]:
    """Fit the calibration of a model folder, write it there, and return how far off its probabilities were and are.

    Returns:
        By kind of decision; of those alone that the model made on the corpus.

    Raises:
        CorpusError: The corpus is faulty or holds no document; nothing is written.
        ModelFileError: The folder holds no sound model.
    """
    documents = read(corpus)
    if not documents:
        raise CorpusError(f"{corpus}: holds no document; at least one is needed")
    before = read_settings(folder)
    settings = dataclasses.replace(before, calibration={})
    extractor = Extractor(TextTokenizer(folder / TOKENIZER), OnnxRuntime(folder), settings)
    answers: list[Answer] = []
    for number, gold in enumerate(documents):
        (document,) = extractor.extract([gold["text"]])
        answers += _answers(number, gold, document)
    # A kind of decision that these articles say nothing of keeps the scale it has: it was fitted on some that did.
    errors, scales = {}, dict(before.calibration)
    for kind in KINDS:
        own = [answer for answer in answers if answer.kind == kind]
        if not own:
            continue
        scale = _fit(own)
        scales[kind] = (scale.slope, scale.offset)
        left_out = [
            answer._replace(probability=_fit([it for it in own if it.document % FOLDS != fold])(answer.probability))
            for fold in range(FOLDS)
            for answer in own
            if answer.document % FOLDS == fold
        ]
        errors[kind] = CalibrationError(len(own), expected_error(own), expected_error(left_out))
    dataclasses.replace(settings, calibration=scales).write(folder)
    return errors


def expected_error(answers: Sequence[Answer]) -> float:
    """Return the expected calibration error over ten bins of equal width (Guo et al. 2017, arXiv:1706.04599)."""
    stated = np.array([answer.probability for answer in answers])
    right = np.array([answer.is_right for answer in answers], dtype=float)
    bins = np.minimum((stated * BINS).astype(int), BINS - 1)
    weights = np.bincount(bins, minlength=BINS)
    gaps = np.bincount(bins, stated - right, BINS)
    return float(np.abs(gaps).sum() / max(1, weights.sum()))


def _fit(answers: Sequence[Answer]) -> Scale:
    """Return the likeliest scale, with a weak pull to the one that changes nothing."""
    odds = np.array([log_odds(answer.probability) for answer in answers])
    signs = np.array([1.0 if answer.is_right else -1.0 for answer in answers])

    def loss(values: NDArray[np.float64]) -> float:
        slope, offset = values
        misses = np.logaddexp(0.0, -signs * (slope * odds + offset)).sum()
        return float(misses + PRIOR_ANSWERS * ((slope - 1) ** 2 + offset**2))

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0.01, None), (None, None)]).x
    return Scale(float(slope), float(offset))


def _answers(number: int, gold: dict[str, Any], document: Document) -> Iterator[Answer]:
    """Yield the decisions that `document` states, judged by the annotation."""
    entities = {entity["id"]: entity for entity in gold["entities"]}
    mine = {entity.id: entity for entity in document.entities}
    partners = dict(_aligned(gold, document))
    for index, quotation in enumerate(document.quotations):
        yield Answer("quotation", quotation.probability, index in partners, number)
        if index not in partners:
            continue
        truth = gold["quotations"][partners[index]]
        yield Answer("source", quotation.source_probability, _same_source(truth["source"], quotation), number)
        speaker, found = entities.get(truth["speaker"]), mine.get(quotation.speaker or "")
        name = found and name_words(found.name.of(document.text))
        is_right = name in _names(speaker, gold["text"]) if speaker else found is None
        yield Answer("speaker", quotation.speaker_probability, is_right, number)
        if speaker and found and is_right:
            wanted = speaker["institution"] and name_words(speaker["institution"])
            institution = found.institution and name_words(found.institution.of(document.text))
            kind = "institution" if found.institution else "no_institution"
            yield Answer(kind, found.institution_probability, institution == wanted, number)


def _aligned(gold: dict[str, Any], document: Document) -> Iterator[tuple[int, int]]:
    """Yield (found, annotated) pairs, one to one, that together overlap the most."""
    found = [_characters(quotation.spans) for quotation in document.quotations]
    annotated = [_characters([Span(*span) for span in quotation["spans"]]) for quotation in gold["quotations"]]
    overlaps = np.array([[_iou(one, other) for other in annotated] for one in found]).reshape(len(found), len(annotated))
    for row, column in zip(*linear_sum_assignment(overlaps, maximize=True), strict=True):
        if overlaps[row, column] >= ALIGNED_FROM:
            yield int(row), int(column)


def _characters(spans: Sequence[Span]) -> set[int]:
    return {position for span in spans for position in range(*span)}


def _iou(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0


def _same_source(truth: Sequence[int] | None, quotation: Quotation) -> bool:
    if truth is None or quotation.source is None:
        return truth is None and quotation.source is None
    return _iou(set(range(*truth)), set(range(*quotation.source))) >= ALIGNED_FROM


def _names(entity: dict[str, Any], text: str) -> set[tuple[str, ...]]:
    forms = (text[begin:end] for begin, end in entity["mentions"])
    return {name_words(form) for form in (entity["name"], *forms)}
