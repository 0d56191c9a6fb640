"""The likelihood of tag sequences, against a sum over every sequence there is."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from guillemet_models.scheme import BEGIN, END, LAYERS, MAX_STATES, OUTSIDE, allowed_transitions
from guillemet_models.training.sequence_loss import by_layer, forward_backward, one_hot, sequence_loss

ALLOWED = allowed_transitions()


def sequences(states: int, length: int, before: int = OUTSIDE) -> Iterator[tuple[int, ...]]:
    if length == 0:
        if ALLOWED[before, OUTSIDE]:
            yield ()
        return
    for state in range(states):
        if ALLOWED[before, state]:
            for rest in sequences(states, length - 1, state):
                yield (state, *rest)


def log_weights(scores: Tensor, valid: list[tuple[int, ...]]) -> Tensor:
    """Return the sum of the scores of each sequence; differentiable."""
    return scores[torch.arange(len(scores)), torch.tensor(valid)].sum(-1)


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("states", [5, 13, MAX_STATES])
def test_the_partition_and_the_marginals_are_those_of_all_sequences(length: int, states: int) -> None:
    torch.manual_seed(length)
    scores = torch.full((2, length, MAX_STATES), -1e4, dtype=torch.float64)
    scores[..., :states] = 2 * torch.randn(2, length, states, dtype=torch.float64)
    valid = list(sequences(states, length))

    marginals, log_partition = forward_backward(scores)

    for row in range(2):
        weights = log_weights(scores[row], valid)
        assert log_partition[row] == pytest.approx(weights.logsumexp(0).item(), abs=1e-9)
        expected = torch.zeros(length, MAX_STATES, dtype=torch.float64)
        for sequence, probability in zip(valid, weights.softmax(0), strict=True):
            expected[torch.arange(length), torch.tensor(sequence)] += probability
        torch.testing.assert_close(marginals[row], expected, atol=1e-9, rtol=0)


def test_the_gradient_is_that_of_the_sum_over_all_sequences() -> None:
    torch.manual_seed(0)
    length = 3
    scores = torch.randn(1, length, len(LAYERS), MAX_STATES)
    for index, layer in enumerate(LAYERS):
        scores[..., index, layer.states :] = -1e4
    tags = torch.zeros(1, length, len(LAYERS), dtype=torch.long)
    tags[0, :2, 0] = torch.tensor([1 + BEGIN, 1 + END])
    one, other = scores.clone().requires_grad_(), scores.double().clone().requires_grad_()

    loss = sequence_loss(one, one_hot(tags), torch.ones(1, length, dtype=torch.bool))
    (loss * torch.arange(1.0, 1 + len(LAYERS))).sum().backward()
    expected = []
    for index, layer in enumerate(LAYERS):
        own = other[0, :, index]
        gold = own[torch.arange(length), tags[0, :, index]].sum()
        expected.append(log_weights(own, list(sequences(layer.states, length))).logsumexp(0) - gold)
    (torch.stack(expected) * torch.arange(1.0, 1 + len(LAYERS))).sum().backward()

    torch.testing.assert_close(loss[0].double(), torch.stack(expected), atol=1e-4, rtol=0)
    assert one.grad is not None
    assert other.grad is not None
    torch.testing.assert_close(one.grad.double(), other.grad, atol=1e-4, rtol=0)


def test_padding_adds_nothing() -> None:
    torch.manual_seed(1)
    scores = torch.randn(2, 9, len(LAYERS), MAX_STATES)
    tags = torch.zeros(2, 9, len(LAYERS), dtype=torch.long)
    is_token = torch.ones(2, 9, dtype=torch.bool)
    is_token[1, 5:] = False
    tags[1, 5:] = 3  # whatever stands there
    scores.requires_grad_()

    truth = one_hot(tags)
    loss = sequence_loss(scores, truth, is_token)
    loss.sum().backward()

    torch.testing.assert_close(loss[1:], sequence_loss(scores[1:, :5], truth[1:, :5], is_token[1:, :5]), atol=1e-4, rtol=0)
    assert scores.grad is not None
    assert (scores.grad[1, 5:] == 0).all()


def test_the_loss_of_a_certain_truth_is_nothing_and_never_negative() -> None:
    tags = torch.zeros(1, 6, len(LAYERS), dtype=torch.long)
    scores = torch.zeros(1, 6, len(LAYERS), MAX_STATES)
    scores[..., OUTSIDE] = 40.0

    loss = sequence_loss(scores, one_hot(tags), torch.ones(1, 6, dtype=torch.bool))

    assert (loss.abs() < 1e-4).all()


def test_a_long_text_has_a_finite_loss_and_gradient() -> None:
    torch.manual_seed(2)
    scores = (10 * torch.randn(1, 1500, len(LAYERS), MAX_STATES)).requires_grad_()
    tags = torch.zeros(1, 1500, len(LAYERS), dtype=torch.long)

    loss = sequence_loss(scores, one_hot(tags), torch.ones(1, 1500, dtype=torch.bool))
    loss.sum().backward()

    assert torch.isfinite(loss).all()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()


def test_the_cross_entropy_with_a_teacher_is_that_over_all_sequences() -> None:
    torch.manual_seed(3)
    length, layer = 3, LAYERS[0]
    teacher, student = (torch.full((1, length, len(LAYERS), MAX_STATES), -1e4) for _ in range(2))
    for scores in (teacher, student):
        for index, each in enumerate(LAYERS):
            scores[..., index, : each.states] = torch.randn(1, length, each.states)
    marginals, _ = forward_backward(by_layer(teacher))
    truth = marginals.view(1, len(LAYERS), length, MAX_STATES).transpose(1, 2)

    loss = sequence_loss(student, truth, torch.ones(1, length, dtype=torch.bool))

    valid = list(sequences(layer.states, length))
    taught, learnt = (log_weights(scores[0, :, 0], valid).log_softmax(0) for scores in (teacher, student))
    assert loss[0, 0].item() == pytest.approx(-(taught.exp() * learnt).sum().item(), abs=1e-4)
