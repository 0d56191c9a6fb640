"""Hidden states -> scores: of each state of each tagging layer, and of relations between spans."""

import torch
from torch import Tensor, nn

from guillemet_models.pairing import PAIR_FEATURE_SIZES
from guillemet_models.scheme import LAYERS, MAX_STATES, Relation, SpanKind


class TaggingHead(nn.Module):
    """Scores the states of all layers at once."""

    def __init__(self, width: int, hidden_width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(width, hidden_width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_width, sum(layer.states for layer in LAYERS)),
        )

    def forward(self, states: Tensor) -> Tensor:
        """Return the scores of ``(batch, length, width)`` states.

        Returns:
            ``(batch, length, len(LAYERS), MAX_STATES)``; a state that a layer lacks has a score that rules it out.
        """
        scores = self.layers(states).split([layer.states for layer in LAYERS], dim=-1)
        padded = [nn.functional.pad(part, (0, MAX_STATES - part.shape[-1]), value=-1e4) for part in scores]
        return torch.stack(padded, dim=-2)


class RelationHead(nn.Module):
    """Scores whether a relation holds between two spans of one text (after Dozat and Manning 2017, arXiv:1611.01734)."""

    def __init__(self, width: int, span_width: int, pair_width: int, dropout: float) -> None:
        super().__init__()
        self.span = nn.Sequential(nn.Linear(3 * width, span_width), nn.LayerNorm(span_width), nn.GELU(), nn.Dropout(dropout))
        self.kind = nn.Embedding(len(SpanKind), span_width)
        self.head = nn.Linear(span_width, len(Relation) * pair_width)
        self.tail = nn.Linear(span_width, len(Relation) * pair_width)
        self.features = nn.ModuleList(nn.Embedding(len(Relation) * size, pair_width) for size in PAIR_FEATURE_SIZES)
        self.output = nn.Embedding(len(Relation), pair_width)
        self.dropout = nn.Dropout(dropout)
        for table in self.features.parameters():
            nn.init.normal_(table, std=0.05)
        nn.init.normal_(self.kind.weight, std=0.1)
        nn.init.normal_(self.output.weight, std=pair_width**-0.5)

    def forward(  # noqa: PLR0917 (an exported graph takes its inputs by position)
        self, states: Tensor, spans: Tensor, kinds: Tensor, pairs: Tensor, relations: Tensor, features: Tensor
    ) -> Tensor:
        """Return the score of each pair.

        Args:
            states: ``(length, width)`` of one text.
            spans: ``(n_spans, 2)``, first and last token. The span of kind NOBODY may be any: only its kind is looked at.
            kinds: ``(n_spans,)`` of `SpanKind`.
            pairs: ``(n_pairs, 2)``, indices into `spans`.
            relations: ``(n_pairs,)`` of `Relation`.
            features: ``(n_pairs, len(PAIR_FEATURE_SIZES))``.

        Returns:
            ``(n_pairs,)``.
        """
        first, last = spans[:, 0], spans[:, 1]
        sums = torch.cat([states.new_zeros(1, states.shape[1]), states.cumsum(0)])
        mean = (sums[last + 1] - sums[first]) / (last + 1 - first).unsqueeze(1)
        pooled = torch.cat([states[first], states[last], mean], dim=-1)  # (s, 3 w)
        somebody = (kinds != SpanKind.NOBODY).unsqueeze(1)
        represented = self.span(pooled) * somebody + self.kind(kinds)  # (s, v)
        shape = (spans.shape[0], len(Relation), -1)  # not len(): it would fix the number when exported
        head = self.head(represented).view(shape)[pairs[:, 0], relations]  # (p, h)
        tail = self.tail(represented).view(shape)[pairs[:, 1], relations]  # (p, h)
        hidden = head + tail + head * tail
        for index, embedding in enumerate(self.features):
            hidden = hidden + embedding(relations * PAIR_FEATURE_SIZES[index] + features[:, index])
        scores: Tensor = (self.dropout(nn.functional.gelu(hidden)) * self.output(relations)).sum(-1)
        return scores
