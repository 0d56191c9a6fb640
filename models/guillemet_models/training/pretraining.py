"""Continue the masked-language-model training of an encoder on raw French text.

Peculiar here: documents are streamed from the compressed corpus and packed end to end into windows of equal length, so that
nothing is padded; the vocabulary projection, the costliest layer of a small encoder, sees the masked tokens alone, on a CPU a
few at a time; the learning rate warms up, stays, and falls to zero over the last part (Hu et al. 2024, arXiv:2404.06395), so
that a run can be prolonged.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from pydantic import ConfigDict
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForMaskedLM

from guillemet_models.tokenization import TextTokenizer
from guillemet_models.training.local_attention import attend_locally
from guillemet_models.training.precision import mixed_precision
from guillemet_models.training.run import check_inputs, claim_output, read_run
from guillemet_models.training.schedule import up_and_down
from guillemet_models.training.texts import raw_documents
from guillemet_models.training.values import Count, CountOrZero, Positive, PositiveOrZero, Share

# On a CPU: the scores of so many masked tokens over the vocabulary stay near it until they are used.
_PREDICTED_TOGETHER = 256


@dataclass(frozen=True, kw_only=True)
class PretrainingConfig:
    """One run, as its TOML file states it."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    encoder: Path  # folder in transformers' format, with its tokenizer.json
    corpus: Path  # xz: a paragraph a line, an empty line between documents
    output: Path  # folder for the encoder, in the same format
    tokens: Count  # to be seen in this run
    window_tokens: Count = 512
    batch_windows: Count = 8
    masked_share: Share = 0.3
    learning_rate: Positive = 4e-4
    weight_decay: PositiveOrZero = 0.01
    warmup_share: Share = 0.02
    decay_share: Share = 0.4
    max_document_characters: Count = 100_000  # books would otherwise outweigh the press
    skipped_documents: CountOrZero = 0  # the corpus's first ones, which an earlier run has read
    checkpoint_seconds: Positive = 240.0
    seed: CountOrZero = 1

    @classmethod
    def read(cls, path: Path) -> "PretrainingConfig":
        """Read a TOML file.

        Raises:
            ValueError: A key is unknown, missing or of a wrong value, or names a missing file; the message says which.
        """
        config = read_run(path, cls)
        check_inputs(path, config.encoder, config.corpus)
        return config


def documents(path: Path, max_characters: int) -> Iterator[str]:
    """Yield the corpus's documents for ever, paragraphs joined by a line break.

    Raises:
        ValueError: There is none of at most `max_characters`.
    """
    while True:
        any_found = False
        for document in raw_documents(path):
            if len(document) <= max_characters:
                any_found = True
                yield document
        if not any_found:
            raise ValueError(f"{path} holds no document of at most {max_characters:,} characters")


def windows(config: PretrainingConfig) -> Iterator[Tensor]:
    """Yield batches of packed windows, ``(batch_windows, window_tokens)``."""
    tokenizer = Tokenizer.from_file(str(config.encoder / "tokenizer.json"))
    separator = tokenizer.token_to_id("[SEP]")
    if separator is None:
        raise ValueError(f"{config.encoder}: the tokenizer has no [SEP]")
    size = config.batch_windows * config.window_tokens
    tokens: list[int] = []
    unread = islice(documents(config.corpus, config.max_document_characters), config.skipped_documents, None)
    for document in unread:
        tokens += [*tokenizer.encode(document).ids, separator]
        while len(tokens) >= size:
            yield torch.tensor(tokens[:size]).view(config.batch_windows, config.window_tokens)
            del tokens[:size]


def mask(ids: Tensor, share: float, mask_id: int, vocabulary: int) -> tuple[Tensor, Tensor]:
    """Return the corrupted ids and which of them are to be predicted (80 % masked, 10 % random, 10 % kept)."""
    chosen = torch.rand(ids.shape) < share
    fate = torch.rand(ids.shape)
    corrupted = ids.masked_fill(chosen & (fate < 0.8), mask_id)
    random = torch.randint(5, vocabulary, ids.shape)
    return torch.where(chosen & (fate >= 0.9), random, corrupted), chosen


def learning_rate(progress: float, config: PretrainingConfig) -> float:
    """Return the rate at `progress` in [0, 1]: up, flat, down to zero."""
    return config.learning_rate * up_and_down(progress, config.warmup_share, config.decay_share)


def _cross_entropy(decoder: nn.Module, states: Tensor, ids: Tensor) -> Tensor:
    """Return how far what `decoder` makes of ``(n, width)`` states is from the `ids` that stood there, in nats a token."""
    size = _PREDICTED_TOGETHER if states.device.type == "cpu" else len(ids)
    nats = [
        functional.cross_entropy(decoder(part).float(), expected, reduction="sum")
        for part, expected in zip(torch.split(states, size), torch.split(ids, size), strict=True)
    ]
    return torch.stack(nats).sum() / len(ids)


def pretrain(config: PretrainingConfig) -> None:
    """Train, from the last checkpoint if there is one.

    Raises:
        OtherRunError: The output folder is that of a run with other settings.
    """
    claim_output(config, config.output)
    torch.manual_seed(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = AutoModelForMaskedLM.from_pretrained(config.encoder, dtype=torch.float32).to(device).train()
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": config.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
        lr=config.learning_rate,
        betas=(0.9, 0.98),
        fused=True,
    )
    checkpoint = config.output / "checkpoint.pt"
    batch_tokens = config.batch_windows * config.window_tokens
    steps = config.tokens // batch_tokens
    start = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    if device.type == "cpu":
        attend_locally(model.model)
    # Measured on a 2-core CPU: compiling gains nothing.
    body = torch.compile(model.model, dynamic=False) if device.type == "cuda" else model.model
    mask_id = TextTokenizer(config.encoder / "tokenizer.json").mask_id
    batches = windows(config)
    for _ in range(start):
        next(batches)
    mean_loss, saved, began = 0.0, time.monotonic(), time.monotonic()
    for step in range(start, steps):
        rate = learning_rate(step / steps, config)
        for group in optimizer.param_groups:
            group["lr"] = rate
        # Everything random follows from the number of the step, so that a resumed run sees what it would have seen.
        torch.manual_seed(config.seed * 1_000_003 + step)
        ids = next(batches)
        corrupted, chosen = mask(ids, config.masked_share, mask_id, model.config.vocab_size)
        with mixed_precision(device):
            states = body(corrupted.to(device)).last_hidden_state[chosen.to(device)]
            loss = _cross_entropy(model.decoder, model.head(states), ids[chosen].to(device))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        mean_loss = loss.item() if step == start else 0.98 * mean_loss + 0.02 * loss.item()
        if step % 20 == 0:
            speed = (step - start + 1) * batch_tokens / (time.monotonic() - began)
            sys.stderr.write(f"step {step}/{steps}  loss {mean_loss:.3f}  {speed:,.0f} tokens/s\n")
        last = step + 1 == steps
        if last or time.monotonic() - saved > config.checkpoint_seconds:
            part = checkpoint.with_suffix(".part")
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}, part)
            part.replace(checkpoint)
            saved = time.monotonic()
    model.save_pretrained(config.output)
    (config.output / "tokenizer.json").write_bytes((config.encoder / "tokenizer.json").read_bytes())
