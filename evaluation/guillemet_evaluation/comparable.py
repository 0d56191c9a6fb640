"""What other scorers count in another way: for comparison with their figures only (see `Comparable`)."""

from collections.abc import Sequence

from guillemet_evaluation.judging import Judgement, Side
from guillemet_evaluation.naming import Names, ascii_folded
from guillemet_evaluation.tallying import Counts, add_accuracy, add_score, add_sets

SHORT_SOURCE_CHARACTERS = 5


def count_comparable(counts: Counts, gold: Side, predicted: Side, judgements: Sequence[Judgement]) -> None:
    """Add the counts of a document."""
    sizes = len(predicted.quotations), len(gold.quotations)
    add_score(counts, ("comparable", "lenient_coverage30"), sum(judgement.covers(0.3) for judgement in judgements), *sizes)
    add_score(counts, ("comparable", "lenient_coverage80"), sum(judgement.covers(0.8) for judgement in judgements), *sizes)
    truths, answers = (Names(side.document, side.quotations, ascii_folded) for side in (gold, predicted))
    heard = {truths.by_form.get(name, name) for name in answers.speakers if name}
    add_sets(counts, ("comparable", "sources_per_article"), heard, set(truths.speakers) - {""})
    correct = 0
    for judgement in judgements:
        if not judgement.matches:
            continue
        g, p = judgement.pair.gold, judgement.pair.predicted
        is_right = truths.accepts(g, answers.speakers[p])
        correct += is_right
        source = gold.quotations[g].source
        if source is not None and truths.speakers[g] and source.end - source.begin <= SHORT_SOURCE_CHARACTERS:
            add_accuracy(counts, ("comparable", "short_source_speaker"), is_right=is_right)
        if truth := truths.institutions[g]:
            answer = answers.institutions[p]
            contains = bool(answer) and (truth in answer or answer in truth)
            add_accuracy(counts, ("comparable", "institution_contained"), is_right=contains)
    add_score(counts, ("comparable", "joint_speaker"), correct, *sizes)
