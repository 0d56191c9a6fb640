"""Fine-tune every head jointly with the encoder on annotated articles.

Peculiar here: the loss is one joint likelihood, nats of tag sequences plus nats of relations, so nothing is weighted by hand;
what is saved is the moving average of the weights (Izmailov et al. 2018, arXiv:1803.05407), which a small corpus needs; the
state of a run is written every few minutes, and the same command goes on from it.
"""

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from guillemet_models.encoder import Encoder
from guillemet_models.model import HeadConfig, QuotationModel
from guillemet_models.scheme import Relation
from guillemet_models.tokenization import FEATURE_SIZES, TextTokenizer, windows
from guillemet_models.training.augmentation import Augmentation, vary
from guillemet_models.training.corpus import Example, batches_by_length, example, read
from guillemet_models.training.run import check_inputs, read_run
from guillemet_models.training.sequence_loss import sequence_loss


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """One run, as its TOML file states it."""

    encoder: Path  # folder in transformers' format, with its tokenizer.json
    corpus: Path  # JSON lines in the one format
    output: Path  # folder for the model
    epochs: int = 14
    batch_documents: int = 6
    encoder_learning_rate: float = 3e-4
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup_share: float = 0.08
    averaging_decay: float = 0.99  # of the moving average, a step
    masked_share: float = 0.08  # of the tokens, hidden from the encoder
    checkpoint_seconds: float = 180.0
    seed: int = 1
    heads: HeadConfig = field(default_factory=HeadConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)

    @classmethod
    def read(cls, path: Path) -> "TrainingConfig":
        """Read a TOML file.

        Raises:
            ValueError: A key is unknown or missing, or a file that it names; the message says which.
        """
        values = read_run(path)
        try:
            config = cls(
                heads=HeadConfig(**values.pop("heads", {})),
                augmentation=Augmentation(**values.pop("augmentation", {})),
                **values,
            )
        except TypeError as error:
            raise ValueError(f"{path}: {error}") from error
        check_inputs(path, config.encoder, config.corpus)
        return config


def train(config: TrainingConfig) -> None:
    """Train, from the last checkpoint if there is one, and save the averaged model."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(config.seed)
    tokenizer = TextTokenizer(config.encoder / "tokenizer.json")
    documents = read(config.corpus)
    model = QuotationModel(Encoder(config.encoder), config.heads).to(device)
    averaging = get_ema_multi_avg_fn(config.averaging_decay)  # type: ignore[no-untyped-call]
    average = AveragedModel(model, multi_avg_fn=averaging)
    optimizer = _optimizer(model, config)
    steps_an_epoch = -(-len(documents) // config.batch_documents)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _schedule(step / (steps_an_epoch * config.epochs), config.warmup_share)
    )
    config.output.mkdir(parents=True, exist_ok=True)
    checkpoint = config.output / "checkpoint.pt"
    parts = {"model": model, "average": average, "optimizer": optimizer, "scheduler": scheduler}
    done = _resume(checkpoint, parts, device)
    saved = time.monotonic()
    total = steps_an_epoch * config.epochs
    losses: dict[str, float] = {}
    with tqdm(total=total, initial=done, unit="step", smoothing=0.02) as progress:
        for epoch in range(done // steps_an_epoch, config.epochs):
            # Everything random follows from the numbers of epoch and step, so that a resumed run sees what it would have seen.
            randomness = random.Random(config.seed * 1000 + epoch)
            varied = (vary(document, config.augmentation, randomness) for document in documents)
            batches = batches_by_length(
                (example(document, tokenizer(document["text"]), randomness) for document in varied), config.batch_documents
            )
            randomness.shuffle(batches)
            model.train()
            for batch in batches[done - epoch * steps_an_epoch :]:
                torch.manual_seed(config.seed * 1_000_003 + done)
                parts_of_loss = _loss(model, batch, config.masked_share, tokenizer.mask_id, device)
                optimizer.zero_grad()
                (sum(parts_of_loss.values(), torch.zeros((), device=device)) / len(batch)).backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0 * len(batch))
                optimizer.step()
                scheduler.step()
                average.update_parameters(model)
                done += 1
                for name, value in parts_of_loss.items():
                    losses[name] = 0.98 * losses.get(name, value.item() / len(batch)) + 0.02 * value.item() / len(batch)
                progress.update()
                progress.set_postfix({name: f"{value:.1f}" for name, value in losses.items()}, refresh=False)
                if time.monotonic() - saved > config.checkpoint_seconds:
                    _save(checkpoint, parts, done)
                    saved = time.monotonic()
    cast("QuotationModel", average.module).save(config.output, config.encoder / "tokenizer.json")
    _save(checkpoint, parts, done)


def _optimizer(model: QuotationModel, config: TrainingConfig) -> torch.optim.Optimizer:
    encoder = {id(parameter) for parameter in model.encoder.transformer.parameters()}
    groups = []
    for rate, inside in ((config.encoder_learning_rate, True), (config.head_learning_rate, False)):
        chosen = [p for p in model.parameters() if (id(p) in encoder) == inside]
        groups += [
            {"params": [p for p in chosen if p.ndim > 1], "lr": rate, "weight_decay": config.weight_decay},
            {"params": [p for p in chosen if p.ndim <= 1], "lr": rate, "weight_decay": 0.0},
        ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)


def _schedule(progress: float, warmup_share: float) -> float:
    """Return the factor of the learning rates: linear up, linear down to zero."""
    return min(progress / warmup_share, (1.0 - progress) / (1.0 - warmup_share))


def _loss(
    model: QuotationModel, batch: list[Example], masked_share: float, mask_id: int, device: torch.device
) -> dict[str, Tensor]:
    """Return the negative log likelihood of the batch's tags and of its relations, in nats."""
    length = max(len(item.text) for item in batch)
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    features = torch.zeros(len(batch), length, len(FEATURE_SIZES), dtype=torch.long)
    is_token = torch.zeros(len(batch), length, dtype=torch.bool)
    tags = torch.zeros(len(batch), length, batch[0].tags.shape[1], dtype=torch.long)
    for row, item in enumerate(batch):
        size = len(item.text)
        ids[row, :size] = torch.from_numpy(item.text.ids)
        features[row, :size] = torch.from_numpy(item.text.features)
        is_token[row, :size] = True
        tags[row, :size] = torch.from_numpy(item.tags)
    ids = ids.masked_fill((torch.rand(ids.shape) < masked_share) & is_token, mask_id)
    states, scores = _read(model, ids.to(device), features.to(device), is_token.to(device))
    tagging = sequence_loss(scores, tags.to(device), is_token.to(device)).sum()
    relations = torch.stack([_relation_loss(model, states[row], item) for row, item in enumerate(batch)]).sum()
    return {"tags": tagging, "relations": relations}


def _read(model: QuotationModel, ids: Tensor, features: Tensor, is_token: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the model makes of articles of any length: each token as the window sees it that holds it furthest inside."""
    length, size = ids.shape[1], model.encoder.max_tokens
    if length <= size:
        states, scores = model(ids, features, is_token)
        return states, scores
    pieces: list[tuple[Tensor, Tensor]] = []
    begin, cuts = 0, list(windows(length, size, size // 4))
    for index, window in enumerate(cuts):
        end = length if index + 1 == len(cuts) else (cuts[index + 1].start + window.stop) // 2
        # A row of padding alone would attend to nothing; its first token stands in, and no loss looks at it.
        seen = is_token[:, window].clone()
        seen[:, 0] = True
        inner = slice(begin - window.start, end - window.start)
        pieces.append(tuple(part[:, inner] for part in model(ids[:, window], features[:, window], seen)))
        begin = end
    states, scores = (torch.cat(parts, dim=1) for parts in zip(*pieces, strict=True))
    return states, scores


def _relation_loss(model: QuotationModel, states: Tensor, item: Example) -> Tensor:
    """Return -log of the probability of all true pairs, summed over the groups of one first span and one relation."""
    pairs = item.pairs

    def tensor(values: np.ndarray[Any, Any]) -> Tensor:
        return torch.from_numpy(values).to(states.device)

    scores: Tensor = model.relations(
        states, tensor(pairs.spans), tensor(pairs.kinds), tensor(pairs.pairs), tensor(pairs.relations), tensor(pairs.features)
    )
    _, group = np.unique(pairs.pairs[:, 0] * len(Relation) + pairs.relations, return_inverse=True)
    groups = tensor(group)
    if not len(group):
        return scores.sum()
    everything = _log_sum_exp(scores, groups)
    true = tensor(item.is_true)
    loss: Tensor = (everything - _log_sum_exp(scores.masked_fill(~true, -1e4), groups)).sum()
    return loss


def _log_sum_exp(scores: Tensor, groups: Tensor) -> Tensor:
    """Return log of the sum of exp(scores) of each group, ``(n_groups,)``."""
    count = int(groups.max()) + 1
    highest = scores.new_full((count,), -1e4).scatter_reduce(0, groups, scores.detach(), "amax")
    return scores.new_zeros(count).index_add(0, groups, (scores - highest[groups]).exp()).log() + highest


def _resume(checkpoint: Path, parts: dict[str, Any], device: torch.device) -> int:
    """Load a checkpoint if there is one; return how many steps it holds."""
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True, map_location=device)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["done"])


def _save(checkpoint: Path, parts: dict[str, Any], done: int) -> None:
    """Write a checkpoint, whole or not at all."""
    unfinished = checkpoint.with_suffix(".part")
    torch.save({name: part.state_dict() for name, part in parts.items()} | {"done": done}, unfinished)
    unfinished.replace(checkpoint)
