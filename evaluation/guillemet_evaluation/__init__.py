"""Evaluation of quotation extraction and attribution: any system's output against gold documents in the one format."""

from guillemet_evaluation.comparison import Comparison, Difference, DocumentDifference, compare
from guillemet_evaluation.documents import Document, Entity, Quotation
from guillemet_evaluation.evaluating import evaluate
from guillemet_evaluation.figures import Accuracy, Calibration, Interval, Rates, ReliabilityBin, RiskPoint, Score, Slice
from guillemet_evaluation.reading import read_documents
from guillemet_evaluation.results import Comparable, Evaluation, JudgedDocument, Outcome, Pair
from guillemet_evaluation.validation import Fault, InvalidDocuments

__all__ = [
    "Accuracy",
    "Calibration",
    "Comparable",
    "Comparison",
    "Difference",
    "Document",
    "DocumentDifference",
    "Entity",
    "Evaluation",
    "Fault",
    "Interval",
    "InvalidDocuments",
    "JudgedDocument",
    "Outcome",
    "Pair",
    "Quotation",
    "Rates",
    "ReliabilityBin",
    "RiskPoint",
    "Score",
    "Slice",
    "compare",
    "evaluate",
    "read_documents",
]
