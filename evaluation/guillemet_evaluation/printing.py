"""Evaluations made to be read in a terminal; in points, from 0 to 100."""

import math
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from guillemet_client.printing import shown
from guillemet_evaluation.comparison import Comparison
from guillemet_evaluation.figures import Accuracy, Interval, Rates
from guillemet_evaluation.results import Evaluation, Outcome

# How many of the documents that differ are listed.
MOST_DOCUMENTS = 10
# Ids of documents named in a sentence; the others are counted.
MOST_IDS = 5

# What is shown of an evaluation: under headings, the names of figures, and words for them.
GROUPS = {
    "quotations with their attribution": {
        "joint_speaker": "quotation and speaker",
        "joint_source": "quotation and source",
        "joint_institution": "quotation and institution",
        "sources_per_article": "speakers of each document",
    },
    "quotations": {
        "exact": "exact",
        "iou80": "IoU ≥ 0.8",
        "iou50": "IoU ≥ 0.5",
        "characters": "characters",
        "by_type.direct": "direct, IoU ≥ 0.5",
        "by_type.indirect": "indirect, IoU ≥ 0.5",
        "by_type.mixed": "mixed, IoU ≥ 0.5",
        "by_type_mean": "mean of the types",
        "cue_exact": "with cue, exact",
        "cue_overlap": "with cue, overlapping",
    },
    "accuracy, of matching quotations": {
        "type_accuracy": "type",
        "type_mean": "type, mean of the types (F1)",
        "cue_accuracy": "cue, overlapping",
        "source_exact": "source, exact",
        "source_accuracy": "source, IoU ≥ 0.5",
        "speaker_accuracy": "speaker",
        "speaker_by_source.named": "speaker, source named",
        "speaker_by_source.nominal": "speaker, source nominal",
        "speaker_by_source.pronoun": "speaker, source a pronoun",
        "speaker_by_source.none": "speaker, no source",
        "kind_accuracy": "kind of speaker",
        "institution_accuracy": "institution, or none",
        "institution_stated_accuracy": "institution, if gold has one",
    },
    "as other scorers count": {
        "comparable.lenient_coverage30": "covered > 0.3 (lenient)",
        "comparable.lenient_coverage80": "covered > 0.8 (lenient)",
        "comparable.joint_speaker": "and speaker, ASCII names",
        "comparable.sources_per_article": "speakers, ASCII names",
        "comparable.short_source_speaker": "speaker, source ≤ 5 letters",
        "comparable.institution_contained": "institution, name contained",
    },
}
_TERMINAL_RECALLS = (0.5, 0.7, 0.9)


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print the figures of an evaluation."""
    console.print(_size(evaluation))
    for sentence in _remarks(evaluation):
        console.print(sentence, soft_wrap=True)
    console.print(_figures(evaluation))
    if evaluation.calibration:
        console.print(_calibration(evaluation))
    console.print(_slices(evaluation))
    console.print(f"Intervals: 95 %, of {evaluation.resamples:,} resamples of the documents (seed {evaluation.seed}).")


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print how two systems differ."""
    for name, evaluation in (("A", comparison.a), ("B", comparison.b)):
        console.print(f"{name}: {_size(evaluation)}")
        for sentence in _remarks(evaluation):
            console.print(f"{name}: {sentence}", soft_wrap=True)
    table = _table("F1 or accuracy", "A", "B", "B - A", "95 %", "p")
    for heading, group in GROUPS.items():
        _add_heading(table, heading)
        for name, words in group.items():
            found = comparison.differences[name]
            difference = points(found.difference, sign=True)
            numbers = points(found.a), points(found.b), difference, _range(found.interval, sign=True), _p_value(found.p_value)
            table.add_row(f"  {words}", *numbers)
    console.print(table)
    if comparison.documents:
        console.print(_documents(comparison))
    resamples, seed = comparison.a.resamples, comparison.a.seed
    console.print(f"p: two-sided, paired bootstrap over the documents ({resamples:,} resamples, seed {seed}).")


def points(fraction: float, *, sign: bool = False) -> str:
    """Return a fraction in points; a dash for what was not measured."""
    if math.isnan(fraction):
        return "–"
    return f"{100 * fraction:+.1f}" if sign else f"{100 * fraction:.1f}"


def _size(evaluation: Evaluation) -> str:
    documents = len(evaluation.documents)
    return f"{documents:,} documents, {evaluation.gold:,} quotations; {evaluation.predicted:,} predicted"


def _remarks(evaluation: Evaluation) -> Iterator[str]:
    """Yield what a reader of the figures must know of the predictions."""
    if missing := evaluation.missing:
        more = f", and {len(missing) - MOST_IDS:,} more" if len(missing) > MOST_IDS else ""
        yield f"Without a prediction, counted as without quotations: {', '.join(map(shown, missing[:MOST_IDS]))}{more}."
    if empty := evaluation.outcomes[Outcome.EMPTY]:
        yield f"Predictions of nothing but marks, not counted: {empty:,}."
    if unplaced := evaluation.outcomes[Outcome.UNPLACED]:
        yield f"Predictions without a place in the text, counted as spurious: {unplaced:,}."


def _figures(evaluation: Evaluation) -> Table:
    table = _table("points", "precision", "recall", "F1", "95 %", "of")
    figures = evaluation.figures()
    for heading, group in GROUPS.items():
        _add_heading(table, heading)
        for name, words in group.items():
            table.add_row(f"  {words}", *_cells(figures[name]))
    return table


def _cells(figure: Rates | Accuracy) -> tuple[str, ...]:
    if isinstance(figure, Accuracy):
        return "", "", points(figure.value), _range(figure.interval), f"{figure.total:,}"
    gold = f"{figure.gold:,}" if hasattr(figure, "gold") else ""
    return points(figure.precision), points(figure.recall), points(figure.f1), _range(figure.f1_interval), gold


def _calibration(evaluation: Evaluation) -> Table:
    headings = (f"P@R{100 * recall:.0f}" for recall in _TERMINAL_RECALLS)
    table = _table("probability of", "answers", "ECE", "Brier", "risk", *headings)
    for decision, found in evaluation.calibration.items():
        errors = points(found.expected_error), points(found.brier), points(found.risk_area)
        precisions = (points(found.precision_at_recall[recall]) for recall in _TERMINAL_RECALLS)
        table.add_row(decision.replace("joint_", "quotation and "), f"{found.answers:,}", *errors, *precisions)
    return table


def _slices(evaluation: Evaluation) -> Table:
    table = _table("F1 of slices", "gold", "quotation", "source", "speaker", "95 %", "speaker acc.")
    for cut, slices in evaluation.slices.items():
        _add_heading(table, cut.replace("_", " "))
        for value, found in slices.items():
            f1s = (points(score.f1) for score in (found.quotation, found.joint_source, found.joint_speaker))
            spread, accuracy = _range(found.joint_speaker.f1_interval), points(found.speaker_accuracy.value)
            table.add_row(f"  {shown(value)}", f"{found.quotation.gold:,}", *f1s, spread, accuracy)
    return table


def _documents(comparison: Comparison) -> Table:
    table = _table("documents that differ most", "F1 of A", "F1 of B", "errors of A", "errors of B")
    for document in comparison.documents[:MOST_DOCUMENTS]:
        f1s = points(document.a_f1), points(document.b_f1)
        table.add_row(shown(document.id), *f1s, f"{document.a_errors:,}", f"{document.b_errors:,}")
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _add_heading(table: Table, heading: str) -> None:
    table.add_section()
    table.add_row(Text(heading, style="italic"))


def _range(interval: Interval, *, sign: bool = False) -> str:
    if math.isnan(interval.low):
        return ""
    low, high = (points(bound, sign=sign) for bound in interval)
    return f"{low} to {high}" if sign else f"{low}–{high}"


def _p_value(p_value: float) -> str:
    return "–" if math.isnan(p_value) else f"{p_value:.3f}"
