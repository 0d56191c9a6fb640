"""An evaluation as one page that needs nothing but itself."""

import os
from pathlib import Path

from guillemet_client import QuotationType
from guillemet_client.viewing import content_policy, stylesheet
from guillemet_evaluation.printing import GROUPS
from guillemet_evaluation.report import plots
from guillemet_evaluation.report.articles import COLOURS, judged
from guillemet_evaluation.report.numbers import Numbers
from guillemet_evaluation.report.templates import asset, template
from guillemet_evaluation.results import Evaluation, Outcome

# The figures that stand first, and what they are.
HEADLINE = {
    "joint_speaker": "quotation and speaker",
    "joint_source": "quotation and source",
    "joint_institution": "quotation and institution",
    "iou50": "quotation",
}


def write_report(evaluation: Evaluation, path: str | os.PathLike[str], *, title: str = "Evaluation") -> None:
    """Write an evaluation as a page for a browser; it holds the texts of the documents and loads nothing.

    Args:
        evaluation: All of its numbers are those of `Evaluation.to_json`.
        path: Of the HTML file.
        title: Names what was evaluated.

    Raises:
        OSError: It cannot be written.
    """
    Path(path).write_text(report(evaluation, title=title), encoding="utf-8")


def report(evaluation: Evaluation, *, title: str = "Evaluation") -> str:
    """Return the page that `write_report` writes."""
    styles = stylesheet() + asset("report.css")
    script = asset("report.js")
    return template("report.html").render(
        title=title,
        policy=content_policy(styles=styles, script=script),
        styles=styles,
        script=script,
        evaluation=evaluation,
        numbers=Numbers(evaluation.to_json()),
        headline=HEADLINE,
        groups=GROUPS,
        plots=plots,
        outcomes=list(Outcome),
        colours=COLOURS,
        types=list(QuotationType),
        articles=[judged(document, f"d{number}") for number, document in enumerate(evaluation.documents, start=1)],
    )
