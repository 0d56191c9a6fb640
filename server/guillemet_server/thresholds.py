"""What a caller's `min_probability` leaves of a document."""

from dataclasses import replace

import numpy as np

from guillemet_models.document import Document, Quotation


def kept(document: Document, min_probability: float | None) -> Document:
    """Return the document without what is less sure than that; numbered afresh, so that ids have no gaps.

    Args:
        document: What the model answers by its own thresholds.
        min_probability: None: those thresholds are enough.
    """
    if min_probability is None:
        return document
    sure = [it for it in document.quotations if _at_least(it.probability, min_probability)]
    quotations = [_sure_parts(quotation, min_probability) for quotation in sure]
    speakers = {quotation.speaker for quotation in quotations}
    entities = tuple(entity for entity in document.entities if entity.id in speakers)
    entity_ids = {entity.id: f"e{number}" for number, entity in enumerate(entities, 1)}
    return replace(
        document,
        quotations=tuple(
            replace(quotation, id=f"q{number}", speaker=quotation.speaker and entity_ids[quotation.speaker])
            for number, quotation in enumerate(quotations, 1)
        ),
        entities=tuple(replace(entity, id=entity_ids[entity.id]) for entity in entities),
    )


def _sure_parts(quotation: Quotation, min_probability: float) -> Quotation:
    """Return the quotation without a source or a speaker that is not sure enough."""
    if quotation.source is not None and not _at_least(quotation.source_probability, min_probability):
        quotation = replace(quotation, source=None, source_probability=_of_absence(quotation.source_probability))
    if quotation.speaker is not None and not _at_least(quotation.speaker_probability, min_probability):
        quotation = replace(quotation, speaker=None, speaker_probability=_of_absence(quotation.speaker_probability))
    return quotation


def _of_absence(probability: float) -> float:
    """Return the most that "there is none" can have: no more than the answer preferred to it, nor than that leaves."""
    return min(probability, 1 - probability)


def _at_least(probability: float, minimum: float) -> bool:
    """Compare as the caller will: both travel as float32, where 0.8 is a little more than 0.8."""
    return bool(np.float32(probability) >= np.float32(minimum))
