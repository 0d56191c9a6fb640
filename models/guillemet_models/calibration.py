"""Probabilities as the model states them -> probabilities that can be read as rates.

Platt scaling (Platt 1999): the log-odds are stretched and shifted by two numbers for each kind of decision, fitted on articles
that the model was not trained on. It changes no order and no answer.
"""

import math
from dataclasses import dataclass, replace

from guillemet_models.document import Document

# Beyond this a probability says "certain", which nothing learnt can be.
_EDGE = 1e-4


@dataclass(frozen=True, slots=True)
class Scale:
    """Of one kind of decision; the default changes nothing."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, probability: float) -> float:
        """Return the calibrated probability."""
        return 1 / (1 + math.exp(-(self.slope * log_odds(probability) + self.offset)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One scale for each kind of decision that states a probability."""

    quotation: Scale = Scale()
    source: Scale = Scale()
    speaker: Scale = Scale()
    institution: Scale = Scale()
    no_institution: Scale = Scale()  # that the text gives none: far surer of itself than of the one it gives

    def apply(self, document: Document) -> Document:
        """Return `document` with its probabilities calibrated."""
        return replace(
            document,
            quotations=tuple(
                replace(
                    quotation,
                    probability=self.quotation(quotation.probability),
                    source_probability=self.source(quotation.source_probability),
                    speaker_probability=self.speaker(quotation.speaker_probability),
                )
                for quotation in document.quotations
            ),
            entities=tuple(
                replace(entity, institution_probability=scale(entity.institution_probability))
                for entity in document.entities
                for scale in (self.no_institution if entity.institution is None else self.institution,)
            ),
        )


def log_odds(probability: float) -> float:
    """Return the log-odds, kept finite."""
    kept = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))
