"""Evaluation of quotation extraction and attribution: any system's output against gold documents in the one format."""

from guillemet_evaluation.documents import Document, Entity, Quotation
from guillemet_evaluation.validation import Fault, InvalidDocuments

__all__ = ["Document", "Entity", "Fault", "InvalidDocuments", "Quotation"]
