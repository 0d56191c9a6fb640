"""The likelihood of tag sequences under the scheme's constraints.

It is a linear-chain CRF (Lafferty et al. 2001) without free transitions. Its gradient is "marginals minus truth" (Sutton and
McCallum 2012, arXiv:1011.4088, section 4), so one forward and one backward sweep outside of autograd are enough: several times
faster than to record a step for each token.
"""

from typing import Any

import torch
from torch import Tensor

from guillemet_models.scheme import MAX_STATES, OUTSIDE, allowed_transitions

# exp(-60) is far below what a float32 sum of a few dozen states resolves.
_FLOOR = -60.0


class _SequenceCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, truth: Tensor) -> Tensor:
        marginals, log_partition = forward_backward(scores)
        ctx.save_for_backward(marginals - truth)
        return log_partition - (scores * truth).sum((1, 2))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (difference,) = ctx.saved_tensors
        return difference * gradient[:, None, None], None


def forward_backward(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return the marginal probability of each state, ``(sequences, length, states)``, and the log partition ``(sequences,)``.

    Args:
        scores: ``(sequences, length, states)``.
    """
    allowed = torch.from_numpy(allowed_transitions()).to(scores)
    highest = scores.amax(-1, keepdim=True)
    weights = (scores - highest).clamp(min=_FLOOR).exp()
    # What a layer lacks or padding forbids is impossible, not merely unlikely.
    weights = weights.masked_fill(scores < _FLOOR * 100, 0.0)
    length = scores.shape[1]
    forwards, scales = [], []
    message = allowed[OUTSIDE].expand(len(scores), -1)
    for step in range(length):
        message = message * weights[:, step]
        scale = message.sum(-1, keepdim=True)
        message = message / scale
        forwards.append(message)
        scales.append(scale)
        message = message @ allowed
    # The end must not cut a span: what may be followed by "outside" may stand last.
    final = forwards[-1] * allowed[:, OUTSIDE]
    closing = final.sum(-1, keepdim=True)
    backwards = [allowed[:, OUTSIDE] / closing]
    for step in range(length - 1, 0, -1):
        backwards.append((backwards[-1] * weights[:, step]) @ allowed.T / scales[step])
    marginals = torch.stack(forwards, 1) * torch.stack(backwards[::-1], 1)
    log_partition = torch.cat(scales, -1).log().sum(-1) + closing.squeeze(-1).log() + highest.squeeze(-1).sum(-1)
    return marginals / marginals.sum(-1, keepdim=True), log_partition


def sequence_loss(scores: Tensor, truth: Tensor, is_token: Tensor) -> Tensor:
    """Return the cross entropy of the tag sequences with the truth.

    Args:
        scores: ``(batch, length, layers, states)``.
        truth: Of the same shape, the probability that each token is in each state. Of annotated texts, 0 or 1: then it is the
            negative log likelihood. Of a teacher, its marginals: since transitions have no weights, they say all
            that there is to know of its distribution over whole sequences.
        is_token: ``(batch, length)``, false on padding, which is outside for certain.

    Returns:
        ``(batch, layers)``, in nats.
    """
    certain = torch.full((scores.shape[-1],), _FLOOR * 200, device=scores.device)
    certain[OUTSIDE] = 0.0
    scores = torch.where(is_token[:, :, None, None], scores, certain)
    outside = torch.zeros(scores.shape[-1], device=scores.device)
    outside[OUTSIDE] = 1.0
    truth = torch.where(is_token[:, :, None, None], truth, outside)
    loss: Tensor = _SequenceCrossEntropy.apply(by_layer(scores).float(), by_layer(truth).float())  # type: ignore[no-untyped-call]
    return loss.view(scores.shape[0], scores.shape[2])


def by_layer(scores: Tensor) -> Tensor:
    """Return ``(batch, length, layers, states)`` as sequences, ``(batch * layers, length, states)``."""
    return scores.transpose(1, 2).reshape(-1, scores.shape[1], scores.shape[3])


def one_hot(tags: Tensor) -> Tensor:
    """Return tags ``(…)`` as certainties, ``(…, MAX_STATES)``."""
    return torch.nn.functional.one_hot(tags, MAX_STATES).float()
