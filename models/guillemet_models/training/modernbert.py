"""ModernBERT (arXiv:2412.13663) as ONNX Runtime computes it fastest on a CPU; the numbers are those of transformers.

Four things differ. Local layers compare each token with its neighbourhood only, not with the whole text only to mask most of
it (at 900 tokens a fifth of the scores). Global layers attend by one kernel, which keeps the scores of a few tokens at a time
(arXiv:2205.14135), and positions are rotated by another. Matrices whose product would be cut in parts are cut instead.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.models.modernbert.modeling_modernbert import ModernBertAttention, ModernBertMLP, ModernBertModel

# Of a local layer, the queries that share their keys: those of the block and of a window before and behind it.
BLOCK_TOKENS = 64
# Added to the score of a key out of reach. Its weight, e^-60, is nothing beside the others; the usual least float would make it
# a denormal number, with which a CPU computes many times slower.
OUT_OF_REACH = -60.0


def rebuild(transformer: PreTrainedModel) -> None:
    """Rebuild the layers of a ModernBERT in place, for export and texts without padding; leave other models as they are.

    Afterwards it can be exported only: torch does not know the kernels.
    """
    if not isinstance(transformer, ModernBertModel):
        return
    layer: Any  # torch takes the parts of a module for tensors
    for layer in transformer.layers:
        layer.attn = _Attention(layer.attn)
        layer.mlp = _Mlp(layer.mlp)


class _Attention(nn.Module):
    """Takes the place of `ModernBertAttention`."""

    def __init__(self, original: ModernBertAttention) -> None:
        super().__init__()
        self.heads: int = original.config.num_attention_heads
        # The original's window counts the token itself.
        self.reach: int | None = None if original.sliding_window is None else original.sliding_window - 1
        self.query, self.key, self.value = _cut(original.Wqkv, 3)
        self.output = original.Wo

    def forward(
        self, hidden_states: Tensor, position_embeddings: tuple[Tensor, Tensor], **_: object
    ) -> tuple[Tensor, Tensor | None]:
        """Return what each of ``(1, length, width)`` states takes from those it attends to; no weights."""
        cos, sin = position_embeddings
        query = _rotated(self.query(hidden_states), cos, sin, self.heads)
        key = _rotated(self.key(hidden_states), cos, sin, self.heads)
        value = self.value(hidden_states)
        if self.reach is None:
            return self.output(_attend_everywhere(query, key, value, self.heads)), None
        attended = _attend_nearby(self._by_head(query), self._by_head(key), self._by_head(value), self.reach)
        return self.output(attended.transpose(0, 1).reshape(hidden_states.shape)), None

    def _by_head(self, states: Tensor) -> Tensor:
        """Make ``(heads, length, width / heads)`` of ``(1, length, width)``."""
        return states.view(states.shape[1], self.heads, -1).transpose(0, 1)


class _Mlp(nn.Module):
    """Takes the place of `ModernBertMLP`."""

    def __init__(self, original: ModernBertMLP) -> None:
        super().__init__()
        self.input, self.gate = _cut(original.Wi, 2)
        self.activation = original.act
        self.output = original.Wo

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Return ``(1, length, width)`` of the same."""
        inner = self.activation(self.input(hidden_states)) * self.gate(hidden_states)
        # int8 has one scale for all tokens, and these products differ in size by tokens: most would be left with a few steps.
        # Brought to one size they make the error of the whole encoder less than half of what it was, for a 25th of its time.
        size = inner.abs().amax(-1, keepdim=True).clamp(min=torch.finfo(inner.dtype).tiny)
        transformed: Tensor = self.output(inner / size) * size
        return transformed


def _cut(linear: nn.Linear, count: int) -> nn.ModuleList:
    """Return `count` layers that give the parts of the output of `linear`."""
    parts = nn.ModuleList()
    for index, weight in enumerate(linear.weight.chunk(count)):
        part = nn.Linear(linear.in_features, len(weight), bias=linear.bias is not None)
        part.weight = nn.Parameter(weight.detach().clone())
        if linear.bias is not None:
            part.bias = nn.Parameter(linear.bias.chunk(count)[index].detach().clone())
        parts.append(part)
    return parts


def _rotated(states: Tensor, cos: Tensor, sin: Tensor, heads: int) -> Tensor:
    """Return ``(1, length, width)`` states, each turned by its position (arXiv:2104.09864).

    `cos` and `sin` are ``(1, length, width / heads)``, their second half the same as the first.
    """
    half = cos.shape[-1] // 2
    begin = torch.zeros(1, dtype=torch.long)
    rotated: Tensor = torch.onnx.ops.symbolic(
        "com.microsoft::RotaryEmbedding",
        (states, begin, cos[0, :, :half], sin[0, :, :half]),
        {"num_heads": heads},
        dtype=states.dtype,
        shape=states.shape,
        version=1,
    )
    return rotated


def _attend_everywhere(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """Return attention of ``(1, length, width)`` states."""
    attended: Tensor = torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention",
        (query, key, value),
        {"num_heads": heads},
        dtype=query.dtype,
        shape=query.shape,
        version=1,
    )
    return attended


def _attend_nearby(query: Tensor, key: Tensor, value: Tensor, reach: int) -> Tensor:
    """Return attention of ``(heads, length, width)`` states, each to those at most `reach` tokens away."""
    length = query.shape[1]
    blocks = (length + BLOCK_TOKENS - 1) // BLOCK_TOKENS
    begins = torch.arange(blocks).unsqueeze(1) * BLOCK_TOKENS
    inner, around = torch.arange(BLOCK_TOKENS), torch.arange(-reach, BLOCK_TOKENS + reach)
    queries, keys = begins + inner, begins + around  # (blocks, …), positions, some of them before or behind the text

    band = torch.where((inner.unsqueeze(1) - around).abs() <= reach, 0.0, OUT_OF_REACH)
    edges = torch.where((keys >= 0) & (keys < length), 0.0, OUT_OF_REACH)

    def at(positions: Tensor, states: Tensor) -> Tensor:
        chosen = states.index_select(1, positions.clamp(0, length - 1).flatten())
        return chosen.view(states.shape[0], blocks, -1, states.shape[2])

    scores = at(queries, query) @ at(keys, key).transpose(-1, -2) * query.shape[-1] ** -0.5
    attended = torch.softmax(scores + (edges.unsqueeze(1) + band), dim=-1) @ at(keys, value)
    return attended.view(query.shape[0], blocks * BLOCK_TOKENS, -1)[:, :length]
