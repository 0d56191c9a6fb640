"""An evaluation to look at: figures, plots, and every quotation of gold beside the prediction."""

from guillemet_evaluation.report.page import report, write_report

__all__ = ["report", "write_report"]
