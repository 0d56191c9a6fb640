"""The plots of an evaluation's probabilities as one picture, for a page that is not ours."""

import os
from collections.abc import Mapping
from pathlib import Path

from guillemet_evaluation.figures import Calibration
from guillemet_evaluation.report import plots
from guillemet_evaluation.report.templates import template

# Decisions beside each other, each with its two plots under its name.
_COLUMNS = 2
_PAIR_WIDTH, _ROW_HEIGHT = 2 * plots.WIDTH + 20, plots.HEIGHT + 40


def write_curves(
    calibrations: Mapping[str, Calibration], path: str | os.PathLike[str], *, title: str = "Reliability, risk and coverage"
) -> None:
    """Write an SVG file: of each kind of decision how often it is right by what it states, and what abstaining gains.

    Args:
        calibrations: Of an evaluation, by decision; at least one.
        path: Of the file. The same figures make the same bytes.
        title: Names what was evaluated.

    Raises:
        OSError: It cannot be written.
    """
    rows = -(-len(calibrations) // _COLUMNS)
    picture = template("curves.svg").render(
        title=title,
        calibrations=calibrations,
        plots=plots,
        top_risk=plots.top_risk(calibrations.values()),
        columns=_COLUMNS,
        pair_width=_PAIR_WIDTH,
        row_height=_ROW_HEIGHT,
        width=_COLUMNS * _PAIR_WIDTH,
        height=rows * _ROW_HEIGHT,
    )
    Path(path).write_text(picture, encoding="utf-8")
