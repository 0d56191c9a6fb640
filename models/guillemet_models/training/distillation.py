"""A trained model as the teacher of another (Hinton et al. 2015, arXiv:1503.02531), on texts that nobody annotated.

The teacher's doubts are taught too. Of tags, its marginals: with them the cross entropy over whole sequences has a closed form
(Wang et al. 2021, arXiv:2010.05010). Of relations, its distributions among the spans that it finds, which are those that the
student will meet, errors included.
"""

import json
import lzma
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


class Teacher:
    """A trained model whose answers are taught."""

    def __init__(self, folder: Path, temperature: float, device: torch.device) -> None:
        """Load the model.

        Args:
            folder: That `train` wrote.
            temperature: Scores are divided by it: above 1 the teacher is less sure of itself.
            device: On which it computes.
        """
        self._model = QuotationModel.load(folder).to(device).eval()
        self._temperature = temperature
        self._device = device

    @torch.no_grad()
    def lessons(self, texts: Sequence[TokenizedText]) -> list[Lesson]:
        """Return what the teacher says of `texts`."""
        ids, features, is_token = (part.to(self._device) for part in padded(texts))
        states, scores = read(self._model, ids, features, is_token)
        lessons = []
        for row, text in enumerate(texts):
            own = scores[row : row + 1, : len(text)]
            marginals, _ = forward_backward(by_layer(own / self._temperature))
            found, _ = candidates(text, decode(own[0].cpu().numpy()))
            pairs = propose(text, found)
            related = log_probabilities(relation_scores(self._model, states[row], pairs) / self._temperature, pairs).exp()
            lessons.append(Lesson(text, marginals.transpose(0, 1).cpu(), pairs, related.cpu()))
        return lessons


def read_texts(path: Path) -> list[str]:
    """Return the texts of a JSON-lines file, xz-compressed or not; of each line the field ``text``."""
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]
