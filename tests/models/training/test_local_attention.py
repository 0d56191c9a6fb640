"""Local layers that look at blocks learn what those of transformers learn."""

from copy import deepcopy

import pytest
import torch
from transformers import ModernBertConfig, ModernBertModel

from guillemet_models.training.local_attention import attend_locally

VOCABULARY = 100


def models(reach: int) -> tuple[ModernBertModel, ModernBertModel]:
    """Return a model of one global layer between two local ones, whose attention is far from even, and as we compute it."""
    torch.manual_seed(reach)
    config = ModernBertConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
        local_attention=2 * reach,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        pad_token_id=0,
    )
    theirs = ModernBertModel(config)
    for name, parameter in theirs.named_parameters():
        if "Wqkv" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    ours = deepcopy(theirs)
    attend_locally(ours)
    return theirs, ours


@pytest.mark.parametrize("reach", [5, 64, 100])
@pytest.mark.parametrize("lengths", [(1,), (64,), (65, 7), (300, 130)])
def test_states_and_gradients_are_those_of_transformers(reach: int, lengths: tuple[int, ...]) -> None:
    theirs, ours = models(reach)
    ids = torch.randint(5, VOCABULARY, (len(lengths), max(lengths)))
    is_token = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)

    states = []
    for model in (theirs, ours):
        found = model(input_ids=ids, attention_mask=is_token.long()).last_hidden_state[is_token]
        found.square().sum().backward()
        states.append(found)

    torch.testing.assert_close(states[1], states[0], atol=1e-4, rtol=1e-4)
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(own.grad, other.grad, atol=1e-2, rtol=1e-3)


def test_texts_of_one_length_need_no_mask() -> None:
    theirs, ours = models(reach=64)
    ids = torch.randint(5, VOCABULARY, (2, 200))

    expected, found = (model(input_ids=ids).last_hidden_state for model in (theirs, ours))

    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
