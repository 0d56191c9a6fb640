"""Tokens -> hidden states: the pretrained transformer. The only file that knows the names of transformers."""

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from guillemet_models.tokenization import FEATURE_SIZES


class Encoder(nn.Module):
    """Any `AutoModel` encoder, told of quotation marks by embeddings added to those of the tokens."""

    def __init__(self, folder: Path, *, pretrained: bool = True) -> None:
        """Build the encoder that ``folder/config.json`` describes, with its weights if `pretrained`."""
        super().__init__()
        if pretrained:
            self.transformer = AutoModel.from_pretrained(folder, dtype=torch.float32)
        else:
            self.transformer = AutoModel.from_config(  # type: ignore[no-untyped-call]
                AutoConfig.from_pretrained(folder), dtype=torch.float32
            )
        self.width: int = self.transformer.config.hidden_size
        self.features = nn.ModuleList(nn.Embedding(size, self.width) for size in FEATURE_SIZES)
        for table in self.features.parameters():
            # Zero: at first the encoder sees just what it was pre-trained on.
            nn.init.zeros_(table)

    @property
    def max_tokens(self) -> int:
        """How many tokens it can read at once."""
        positions: int = self.transformer.config.max_position_embeddings
        # RoBERTa's kind, CamemBERT among them, counts positions from behind its padding.
        padding = getattr(self.transformer.embeddings, "padding_idx", None)
        return positions if padding is None else positions - padding - 1

    def attend_plainly(self) -> None:
        """Compute attention step by step: the fused kind, exported, selects by masks, which ONNX Runtime does slowly."""
        self.transformer.set_attn_implementation("eager")

    def forward(self, ids: Tensor, features: Tensor, is_token: Tensor | None = None) -> Tensor:
        """Return the hidden states.

        Args:
            ids: ``(batch, length)``.
            features: ``(batch, length, len(FEATURE_SIZES))``.
            is_token: ``(batch, length)``, false on padding. None: nothing is padding.

        Returns:
            ``(batch, length, width)``.
        """
        embedded = self.transformer.get_input_embeddings()(ids)
        for index, embedding in enumerate(self.features):
            embedded = embedded + embedding(features[..., index])
        mask = None if is_token is None else is_token.long()
        output = self.transformer(inputs_embeds=embedded, attention_mask=mask)
        states: Tensor = output.last_hidden_state
        return states
