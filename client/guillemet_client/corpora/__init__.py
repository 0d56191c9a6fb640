"""Whole corpora: what ``guillemet batch`` reads, keeps and writes."""
