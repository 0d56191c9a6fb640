"""What every figure is counted from: for each document, how often each thing happens."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from guillemet_client import Span
from guillemet_evaluation.comparable import count_comparable
from guillemet_evaluation.judging import Judgement, Side
from guillemet_evaluation.slicing import slices_of
from guillemet_evaluation.sources import source_form
from guillemet_evaluation.tallying import Counts, add_accuracy, add_score, add_sets


def count(gold: Side, predicted: Side, judgements: Sequence[Judgement], *, outlet: str) -> Counts:
    """Return the counts of a document.

    Args:
        gold: What is so.
        predicted: What a system says.
        judgements: Of the aligned pairs.
        outlet: The slice of the document.
    """
    counts: Counts = defaultdict(float)
    matches = [judgement for judgement in judgements if judgement.matches]
    _count_extraction(counts, gold, predicted, judgements, matches)
    _count_types(counts, gold, predicted, matches)
    _count_cues(counts, gold, predicted, matches)
    _count_attribution(counts, gold, predicted, matches)
    _count_institutions(counts, gold, predicted, matches)
    _count_slices(counts, gold, predicted, matches, outlet=outlet)
    count_comparable(counts, gold, predicted, judgements)
    return counts


def _count_extraction(
    counts: Counts, gold: Side, predicted: Side, judgements: Sequence[Judgement], matches: Sequence[Judgement]
) -> None:
    sizes = len(predicted.quotations), len(gold.quotations)
    add_score(counts, ("exact",), sum(judgement.exact for judgement in judgements), *sizes)
    add_score(counts, ("iou80",), sum(judgement.reaches(0.8) for judgement in judgements), *sizes)
    add_score(counts, ("iou50",), len(matches), *sizes)
    add_score(counts, ("joint_source",), sum(judgement.source for judgement in matches), *sizes)
    add_score(counts, ("joint_speaker",), sum(judgement.speaker for judgement in matches), *sizes)
    length = len(gold.document.text)
    held, said = (_held([content.spans for content in side.contents], length) for side in (gold, predicted))
    add_score(counts, ("characters",), int((held & said).sum()), int(said.sum()), int(held.sum()))


def _count_types(counts: Counts, gold: Side, predicted: Side, matches: Sequence[Judgement]) -> None:
    for content in gold.contents:
        counts["by_type", content.type, "gold"] += 1
    for content in predicted.contents:
        counts["by_type", content.type, "predicted"] += 1
    for match in matches:
        truth, answer = gold.contents[match.pair.gold].type, predicted.contents[match.pair.predicted].type
        counts["by_type", truth, "found"] += 1
        counts["by_type", answer, "correct"] += 1
        counts["type_confusion", truth, answer] += 1
        counts["types", truth, "gold"] += 1
        counts["types", answer, "predicted"] += 1
        if match.type:
            counts["types", truth, "correct"] += 1
            counts["types", truth, "found"] += 1
        add_accuracy(counts, ("type_accuracy",), is_right=bool(match.type))


def _count_cues(counts: Counts, gold: Side, predicted: Side, matches: Sequence[Judgement]) -> None:
    sizes = [sum(quotation.cue is not None for quotation in side.quotations) for side in (predicted, gold)]
    add_score(counts, ("cue_exact",), sum(match.cue_exact for match in matches), *sizes)
    add_score(counts, ("cue_overlap",), sum(match.cue_overlaps for match in matches), *sizes)
    for match in matches:
        if gold.quotations[match.pair.gold].cue is not None:
            add_accuracy(counts, ("cue_accuracy",), is_right=match.cue_overlaps)


def _count_attribution(counts: Counts, gold: Side, predicted: Side, matches: Sequence[Judgement]) -> None:
    for match in matches:
        quotation, speaker = gold.quotations[match.pair.gold], gold.speakers[match.pair.gold]
        add_accuracy(counts, ("source_accuracy",), is_right=match.source)
        add_accuracy(counts, ("source_exact",), is_right=match.source_exact)
        add_accuracy(counts, ("speaker_accuracy",), is_right=match.speaker)
        form = source_form(gold.document, quotation, speaker)
        add_accuracy(counts, ("speaker_by_source", form), is_right=match.speaker)
        if speaker is not None:
            add_accuracy(counts, ("kind_accuracy",), is_right=match.kind)
    heard = {gold.names.canonical(name) for name in predicted.names.speakers if name}
    add_sets(counts, ("sources_per_article",), heard, set(gold.names.speakers) - {""})


def _count_institutions(counts: Counts, gold: Side, predicted: Side, matches: Sequence[Judgement]) -> None:
    correct = 0
    for match in matches:
        add_accuracy(counts, ("institution_accuracy",), is_right=match.institution)
        if gold.names.institutions[match.pair.gold]:
            correct += match.institution
            add_accuracy(counts, ("institution_stated_accuracy",), is_right=match.institution)
    sizes = [sum(bool(name) for name in side.names.institutions) for side in (predicted, gold)]
    add_score(counts, ("joint_institution",), correct, *sizes)


def _count_slices(counts: Counts, gold: Side, predicted: Side, matches: Sequence[Judgement], *, outlet: str) -> None:
    truths, answers = ([{"outlet": outlet, **cuts} for cuts in slices_of(side)] for side in (gold, predicted))
    # How a source is to be resolved only gold knows: a prediction may name its speaker as if there were nothing to resolve.
    for match in matches:
        answers[match.pair.predicted]["resolution"] = truths[match.pair.gold]["resolution"]
    for sides, what in ((truths, "gold"), (answers, "predicted")):
        for cuts in sides:
            for figure in cuts.items():
                counts["slices", *figure, what] += 1
    for match in matches:
        right = {"quotation": True, "joint_source": match.source, "joint_speaker": match.speaker}
        for cuts, what in ((truths[match.pair.gold], "found"), (answers[match.pair.predicted], "correct")):
            for figure in cuts.items():
                for name, is_right in right.items():
                    counts["slices", *figure, name, what] += is_right


def _held(contents: Sequence[Sequence[Span]], length: int) -> NDArray[np.bool_]:
    """Return which of the characters of a text are quoted."""
    held = np.zeros(length, dtype=bool)
    for spans in contents:
        for begin, end in spans:
            held[begin:end] = True
    return held
