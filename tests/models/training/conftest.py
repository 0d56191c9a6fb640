"""A small ModernBERT of both kinds of layer."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import ModernBertConfig, ModernBertModel


@pytest.fixture(scope="session")
def modernbert() -> Callable[..., ModernBertModel]:
    """Make one of a global layer between two local ones, whose attention is far from even, with `reach` to each side."""

    def make(reach: int, vocabulary: int, **options: Any) -> ModernBertModel:
        config = ModernBertConfig(
            vocab_size=vocabulary,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=3,
            num_attention_heads=4,
            local_attention=2 * reach,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            pad_token_id=0,
            **options,
        )
        torch.manual_seed(reach)
        transformer = ModernBertModel(config)
        for name, parameter in transformer.named_parameters():
            if "Wqkv" in name:
                torch.nn.init.normal_(parameter, std=0.5)
        return transformer

    return make
