"""Local layers that look at blocks learn what those of transformers learn."""

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from transformers import ModernBertModel

from guillemet_models.training.local_attention import attend_locally

VOCABULARY = 100


@pytest.fixture
def models(reach: int, modernbert: Callable[..., ModernBertModel]) -> tuple[ModernBertModel, ModernBertModel]:
    """Return a model as transformers computes it, and as we do."""
    theirs = modernbert(reach, VOCABULARY)
    ours = deepcopy(theirs)
    attend_locally(ours)
    return theirs, ours


@pytest.mark.parametrize("reach", [5, 64, 100])
@pytest.mark.parametrize("lengths", [(1,), (64,), (65, 7), (300, 130)])
def test_states_and_gradients_are_those_of_transformers(
    models: tuple[ModernBertModel, ModernBertModel], lengths: tuple[int, ...]
) -> None:
    ids = torch.randint(5, VOCABULARY, (len(lengths), max(lengths)))
    is_token = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)

    states = []
    for model in models:
        found = model(input_ids=ids, attention_mask=is_token.long()).last_hidden_state[is_token]
        found.square().sum().backward()
        states.append(found)

    torch.testing.assert_close(states[1], states[0], atol=1e-4, rtol=1e-4)
    for own, other in zip(models[1].parameters(), models[0].parameters(), strict=True):
        torch.testing.assert_close(own.grad, other.grad, atol=1e-2, rtol=1e-3)


@pytest.mark.parametrize("reach", [64])
def test_texts_of_one_length_need_no_mask(models: tuple[ModernBertModel, ModernBertModel]) -> None:
    ids = torch.randint(5, VOCABULARY, (2, 200))

    expected, found = (model(input_ids=ids).last_hidden_state for model in models)

    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
