"""Trained models as the teachers of another (Hinton et al. 2015, arXiv:1503.02531), on texts that nobody annotated.

The teachers' doubts are taught too, and what they disagree on. Of tags, the mean of their marginals: with them the cross
entropy over whole sequences has a closed form (Wang et al. 2021, arXiv:2010.05010). Of relations, the mean of their
distributions among the spans that they find together, which are those that the student will meet, errors included.
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from guillemet_models.attribution import candidates
from guillemet_models.decoding import decode
from guillemet_models.model import QuotationModel
from guillemet_models.pairing import propose
from guillemet_models.tokenization import TokenizedText
from guillemet_models.training.objective import Lesson, log_probabilities, padded, read, relation_scores
from guillemet_models.training.sequence_loss import by_layer, forward_backward


class Teachers:
    """Trained models of one tokenizer, whose answers are taught."""

    def __init__(self, folders: Sequence[Path], temperature: float, device: torch.device) -> None:
        """Load the models.

        Args:
            folders: That `train` wrote, at least one.
            temperature: Scores are divided by it: above 1 the teachers are less sure of themselves.
            device: On which it computes.
        """
        self._models = [QuotationModel.load(folder).to(device).eval() for folder in folders]
        self._temperature = temperature
        self._device = device

    @torch.no_grad()
    def lessons(self, texts: Sequence[TokenizedText]) -> list[Lesson]:
        """Return what the teachers say of `texts`."""
        ids, features, is_token = (part.to(self._device) for part in padded(texts))
        readings = [read(model, ids, features, is_token) for model in self._models]
        lessons = []
        for row, text in enumerate(texts):
            scores = [scores[row : row + 1, : len(text)] for _, scores in readings]
            marginals = torch.stack([forward_backward(by_layer(own / self._temperature))[0] for own in scores]).mean(0)
            found, _ = candidates(text, decode(torch.stack(scores).mean(0)[0].cpu().numpy()))
            pairs = propose(text, found)
            related = [
                log_probabilities(relation_scores(model, states[row], pairs) / self._temperature, pairs).exp()
                for model, (states, _) in zip(self._models, readings, strict=True)
            ]
            lessons.append(Lesson(text, marginals.transpose(0, 1).cpu(), pairs, torch.stack(related).mean(0).cpu()))
        return lessons
