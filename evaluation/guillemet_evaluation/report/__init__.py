"""An evaluation to look at: figures, plots, and every quotation of gold beside the prediction."""

from guillemet_evaluation.report.curves import write_curves
from guillemet_evaluation.report.page import report, write_report

__all__ = ["report", "write_curves", "write_report"]
