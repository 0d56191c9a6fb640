"""What training makes small: nats of tag sequences plus nats of relations, so that nothing is weighted by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from guillemet_models.model import QuotationModel
from guillemet_models.pairing import Pairs
from guillemet_models.scheme import LAYERS, MAX_STATES, OUTSIDE, Relation
from guillemet_models.tokenization import FEATURE_SIZES, TokenizedText, windows
from guillemet_models.training.corpus import Example
from guillemet_models.training.precision import mixed_precision
from guillemet_models.training.sequence_loss import one_hot, sequence_loss


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a model is to say of one text, as tensors."""

    text: TokenizedText
    tags: Tensor  # (n, layers, states), the probability of each state
    pairs: Pairs
    related: Tensor  # (n_pairs,): bool, of which any in a group is right; or a distribution over each group

    @classmethod
    def of(cls, item: Example) -> "Lesson":
        """Return what the annotation says."""
        return cls(item.text, one_hot(torch.from_numpy(item.tags)), item.pairs, torch.from_numpy(item.is_true))


def loss_of(model: QuotationModel, batch: Sequence[Lesson], masked_share: float, mask_id: int) -> dict[str, Tensor]:
    """Return the cross entropy of the model with the batch's tags and with its relations, in nats.

    Args:
        model: In training or not.
        batch: At least one.
        masked_share: Of the tokens, hidden from the encoder.
        mask_id: What hides them.
    """
    ids, features, is_token = padded([item.text for item in batch])
    ids = ids.masked_fill((torch.rand(ids.shape) < masked_share) & is_token, mask_id)
    tags = torch.zeros(*ids.shape, len(LAYERS), MAX_STATES)
    tags[..., OUTSIDE] = 1.0
    for row, item in enumerate(batch):
        tags[row, : len(item.text)] = item.tags
    device = next(model.parameters()).device
    states, scores = read(model, ids.to(device), features.to(device), is_token.to(device))
    tagging = sequence_loss(scores, tags.to(device), is_token.to(device)).sum()
    relations = torch.stack([_relation_loss(model, states[row], item) for row, item in enumerate(batch)]).sum()
    return {"tags": tagging, "relations": relations}


def padded(texts: Sequence[TokenizedText]) -> tuple[Tensor, Tensor, Tensor]:
    """Return ids, features and which are tokens, ``(batch, length[, features])``: what a model takes."""
    length = max(len(text) for text in texts)
    ids = torch.zeros(len(texts), length, dtype=torch.long)
    features = torch.zeros(len(texts), length, len(FEATURE_SIZES), dtype=torch.long)
    is_token = torch.zeros(len(texts), length, dtype=torch.bool)
    for row, text in enumerate(texts):
        size = len(text)
        ids[row, :size] = torch.from_numpy(text.ids)
        features[row, :size] = torch.from_numpy(text.features)
        is_token[row, :size] = True
    return ids, features, is_token


def read(model: QuotationModel, ids: Tensor, features: Tensor, is_token: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the model makes of articles of any length: each token as the window sees it that holds it furthest inside."""
    length, size = ids.shape[1], model.encoder.max_tokens
    if length <= size:
        return _read_window(model, ids, features, is_token)
    pieces: list[tuple[Tensor, Tensor]] = []
    begin, cuts = 0, list(windows(length, size, size // 4))
    for index, window in enumerate(cuts):
        end = length if index + 1 == len(cuts) else (cuts[index + 1].start + window.stop) // 2
        # A row of padding alone would attend to nothing; its first token stands in, and no loss looks at it.
        seen = is_token[:, window].clone()
        seen[:, 0] = True
        inner = slice(begin - window.start, end - window.start)
        states, scores = _read_window(model, ids[:, window], features[:, window], seen)
        pieces.append((states[:, inner], scores[:, inner]))
        begin = end
    states, scores = (torch.cat(parts, dim=1) for parts in zip(*pieces, strict=True))
    return states, scores


def _read_window(model: QuotationModel, ids: Tensor, features: Tensor, is_token: Tensor) -> tuple[Tensor, Tensor]:
    with mixed_precision(ids.device):
        states, scores = model(ids, features, is_token)
    return states.float(), scores.float()


def relation_scores(model: QuotationModel, states: Tensor, pairs: Pairs) -> Tensor:
    """Return the score of each pair in a text of hidden states ``(n, width)``, ``(n_pairs,)``."""

    def tensor(values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(states.device)

    scores: Tensor = model.relations(
        states, tensor(pairs.spans), tensor(pairs.kinds), tensor(pairs.pairs), tensor(pairs.relations), tensor(pairs.features)
    )
    return scores


def log_probabilities(scores: Tensor, pairs: Pairs) -> Tensor:
    """Return the log of the probability of each pair among those of its first span and relation, ``(n_pairs,)``."""
    group = _groups(scores, pairs)
    return scores - _log_sum_exp(scores, group)[group]


def _relation_loss(model: QuotationModel, states: Tensor, item: Lesson) -> Tensor:
    scores = relation_scores(model, states, item.pairs)
    related = item.related.to(scores.device)
    likely = log_probabilities(scores, item.pairs)
    if related.is_floating_point():
        return -(related * likely).sum()
    return -_log_sum_exp(likely.masked_fill(~related, -1e4), _groups(scores, item.pairs)).sum()


def _groups(scores: Tensor, pairs: Pairs) -> Tensor:
    """Return for each pair the number of its first span and relation, ``(n_pairs,)``."""
    _, group = np.unique(pairs.pairs[:, 0] * len(Relation) + pairs.relations, return_inverse=True)
    return torch.from_numpy(group).to(scores.device)


def _log_sum_exp(scores: Tensor, groups: Tensor) -> Tensor:
    """Return log of the sum of exp(scores) of each group, ``(n_groups,)``."""
    count = int(groups.max()) + 1 if len(groups) else 0
    highest = scores.new_full((count,), -1e4).scatter_reduce(0, groups, scores.detach(), "amax")
    return scores.new_zeros(count).index_add(0, groups, (scores - highest[groups]).exp()).log() + highest
