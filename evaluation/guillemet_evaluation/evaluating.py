"""Gold documents and predictions -> an evaluation."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from guillemet_client import QuotationType
from guillemet_evaluation.bootstrap import SampledAccuracy, SampledRates, Sums, mean_rates
from guillemet_evaluation.calibrating import Answer, answers_of, calibrations, count_answers
from guillemet_evaluation.counting import count
from guillemet_evaluation.documents import Document
from guillemet_evaluation.figures import Accuracy, Score, Slice
from guillemet_evaluation.judging import Side, judge, pairs_of
from guillemet_evaluation.reading import AnyDocuments, as_documents, by_id
from guillemet_evaluation.results import Comparable, Evaluation, JudgedDocument
from guillemet_evaluation.slicing import OTHER_OUTLETS, VALUES, outlet, outlets_kept
from guillemet_evaluation.sources import SOURCE_FORMS
from guillemet_evaluation.tallying import Counts

RESAMPLES = 1000


def evaluate(gold: AnyDocuments, predictions: AnyDocuments, *, resamples: int = RESAMPLES, seed: int = 0) -> Evaluation:
    """Measure predictions against gold documents.

    Args:
        gold: Path of JSON lines in the one format, of a file or a folder (see `read_documents`), or documents: of this package,
            of the client, or as JSON gives them.
        predictions: The same, in any order; a gold document without a prediction counts as predicted to hold no quotation.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.

    Raises:
        InvalidDocuments: With every fault of either; or a prediction is of no gold document, or its text is another.
    """
    return measure(gold, predictions, resamples=resamples, seed=seed).evaluation


@dataclass(frozen=True, slots=True)
class Measured:
    """An evaluation, and the sums that it was computed from."""

    evaluation: Evaluation
    sums: Sums


def measure(
    gold: AnyDocuments,
    predictions: AnyDocuments,
    *,
    name: str = "predictions",
    resamples: int = RESAMPLES,
    seed: int = 0,
    watched: Callable[[Sequence[Document]], Iterable[Document]] = iter,
) -> Measured:
    """As `evaluate`, with the sums of every resample.

    Args:
        gold: As `evaluate`.
        predictions: As `evaluate`.
        name: Stands for predictions that are no file, in messages.
        resamples: As `evaluate`.
        seed: As `evaluate`.
        watched: Given the gold documents, yields them; to show progress.

    Raises:
        InvalidDocuments: As `evaluate`.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, not {resamples}")
    truths = as_documents(gold, name="gold", is_gold=True)
    name = os.fspath(predictions) if isinstance(predictions, str | os.PathLike) else name
    answers = by_id(as_documents(predictions, name=name), truths, name=name)
    kept = outlets_kept(truths)
    counts: list[Counts] = []
    decisions: list[Answer] = []
    judged: list[JudgedDocument] = []
    for truth in watched(truths):
        predicted = answers.get(truth.id)
        sides = Side(truth), Side(predicted or Document(id=truth.id, text=truth.text))
        judgements = judge(*sides)
        place = outlet(truth) if outlet(truth) in kept else OTHER_OUTLETS
        own = list(answers_of(sides[1], judgements))
        row = count(*sides, judgements, outlet=place)
        count_answers(row, own)
        counts.append(row)
        decisions += own
        judged.append(JudgedDocument(gold=truth, predicted=predicted, outlet=place, pairs=pairs_of(*sides, judgements)))
    sums = Sums(counts, resamples=resamples, seed=seed)
    return Measured(_evaluation(sums, judged, decisions, resamples=resamples, seed=seed), sums)


def _evaluation(
    sums: Sums, judged: Sequence[JudgedDocument], decisions: Sequence[Answer], *, resamples: int, seed: int
) -> Evaluation:
    def score(*figure: str) -> Score:
        return sums.score(figure).score()

    def accuracy(*figure: str) -> Accuracy:
        return sums.accuracy(figure).accuracy()

    quotations = score("iou50")
    return Evaluation(
        gold=quotations.gold,
        predicted=quotations.predicted,
        missing=tuple(document.gold.id for document in judged if document.predicted is None),
        exact=score("exact"),
        iou80=score("iou80"),
        iou50=quotations,
        characters=score("characters"),
        by_type={str(kind): score("by_type", kind) for kind in QuotationType},
        by_type_mean=mean_over_types(sums, "by_type").rates(),
        type_accuracy=accuracy("type_accuracy"),
        type_mean=mean_over_types(sums, "types").rates(),
        type_confusion=_confusion(sums),
        cue_exact=score("cue_exact"),
        cue_overlap=score("cue_overlap"),
        cue_accuracy=accuracy("cue_accuracy"),
        source_accuracy=accuracy("source_accuracy"),
        source_exact=accuracy("source_exact"),
        joint_source=score("joint_source"),
        speaker_accuracy=accuracy("speaker_accuracy"),
        joint_speaker=score("joint_speaker"),
        speaker_by_source={form: accuracy("speaker_by_source", form) for form in SOURCE_FORMS},
        kind_accuracy=accuracy("kind_accuracy"),
        sources_per_article=score("sources_per_article"),
        institution_accuracy=accuracy("institution_accuracy"),
        institution_stated_accuracy=accuracy("institution_stated_accuracy"),
        joint_institution=score("joint_institution"),
        comparable=Comparable(
            lenient_coverage30=score("comparable", "lenient_coverage30"),
            lenient_coverage80=score("comparable", "lenient_coverage80"),
            joint_speaker=score("comparable", "joint_speaker"),
            short_source_speaker=accuracy("comparable", "short_source_speaker"),
            institution_contained=accuracy("comparable", "institution_contained"),
            sources_per_article=score("comparable", "sources_per_article"),
        ),
        calibration=calibrations(decisions, sums, n_gold=quotations.gold),
        slices=_slices(sums, judged),
        documents=tuple(judged),
        resamples=resamples,
        seed=seed,
    )


def mean_over_types(sums: Sums, figure: str) -> SampledRates:
    """Return the mean of a figure that is counted by type, over the types that occur."""
    return mean_rates([sums.score((figure, kind)).rates() for kind in QuotationType])


def _confusion(sums: Sums) -> dict[str, dict[str, int]]:
    """Return gold type to predicted type ("none": not said) to number."""
    types = [str(kind) for kind in QuotationType]
    return {
        truth: {answer or "none": int(sums["type_confusion", truth, answer][0]) for answer in (*types, "")} for truth in types
    }


def _slices(sums: Sums, judged: Sequence[JudgedDocument]) -> dict[str, dict[str, Slice]]:
    """Return the slices that hold a quotation of either side."""
    outlets = dict.fromkeys(sorted({document.outlet for document in judged}))
    found: dict[str, dict[str, Slice]] = {}
    for cut, values in {"outlet": tuple(outlets), **VALUES}.items():
        found[cut] = {}
        for value in values:
            figure = "slices", cut, value
            scores = {
                name: sums.score((*figure, name), figure).score() for name in ("quotation", "joint_source", "joint_speaker")
            }
            speakers = SampledAccuracy(*(sums[*figure, name, "found"] for name in ("joint_speaker", "quotation")))
            if scores["quotation"].gold or scores["quotation"].predicted:
                found[cut][value] = Slice(**scores, speaker_accuracy=speakers.accuracy())
    return found
