"""Fine-tune every head jointly with the encoder on annotated articles.

Peculiar here: the first epochs also read articles that are annotated less carefully, or not at all and then as earlier models
read them; what is saved is the moving average of the weights (Izmailov et al. 2018, arXiv:1803.05407); the state of a run is
written every few minutes, and the same command goes on from it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from pydantic import ConfigDict
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from guillemet_models.encoder import Encoder
from guillemet_models.model import HeadConfig, QuotationModel
from guillemet_models.tokenization import TextTokenizer
from guillemet_models.training.augmentation import Augmentation
from guillemet_models.training.course import Course
from guillemet_models.training.distillation import Teachers
from guillemet_models.training.local_attention import attend_locally
from guillemet_models.training.objective import loss_of
from guillemet_models.training.reading import CorpusError, read
from guillemet_models.training.run import check_inputs, claim_output, read_run
from guillemet_models.training.schedule import up_and_down
from guillemet_models.training.standoff import read_standoff
from guillemet_models.training.texts import read_texts
from guillemet_models.training.values import Count, CountOrZero, Positive, PositiveOrZero, Share


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """One run, as its TOML file states it."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    encoder: Path  # folder in transformers' format, with its tokenizer.json; or of a trained model, which then goes on
    corpus: Path  # JSON lines in the one format
    output: Path  # folder for the model
    epochs: Count = 14  # over the annotated articles
    teachers: Sequence[Path] = ()  # folders of trained models
    unlabelled: Sequence[Path] = ()  # texts, which the teachers read: JSON lines, or raw text as for pre-training
    annotations: Sequence[Path] = ()  # of some of those texts, apart from them
    annotations_epochs: CountOrZero = 0  # the first ones, which read them; 0: all
    taught_epochs: CountOrZero = 2  # the first ones, which read the unlabelled texts too
    temperature: Positive = 2.0  # of the teachers
    batch_documents: Count = 6
    encoder_learning_rate: Positive = 3e-4
    head_learning_rate: Positive = 1e-3
    weight_decay: PositiveOrZero = 0.01
    warmup_share: Share = 0.08
    averaging_decay: Share = 0.99  # of the moving average, a step
    masked_share: Share = 0.08  # of the tokens, hidden from the encoder
    beginning_share: Share = 0.0  # of the weights that a trained model began with, in what is saved of it
    checkpoint_seconds: Positive = 180.0
    seed: CountOrZero = 1
    heads: HeadConfig | None = None  # None: the usual ones, or those of the trained model
    augmentation: Augmentation = field(default_factory=Augmentation)

    @classmethod
    def read(cls, path: Path) -> "TrainingConfig":
        """Read a TOML file.

        Raises:
            ValueError: A key is unknown, missing or of a wrong value, or names a missing file; the message says which.
        """
        config = read_run(path, cls)
        has_heads = (config.encoder / "heads.json").exists()
        if config.heads and has_heads:
            raise ValueError(f"{path}: {config.encoder} is a trained model and has heads: none are to be given")
        if bool(config.teachers or config.annotations) != bool(config.unlabelled):
            raise ValueError(f"{path}: unlabelled goes together with teachers or annotations")
        if config.beginning_share and not has_heads:
            raise ValueError(f"{path}: {config.encoder} is no trained model: beginning_share needs one")
        taught = [teacher / "model.safetensors" for teacher in config.teachers]
        check_inputs(path, config.encoder, config.corpus, *taught, *config.annotations, *config.unlabelled)
        return config


def train(config: TrainingConfig) -> None:
    """Train, from the last checkpoint if there is one, and save the averaged model.

    Raises:
        CorpusError: What is annotated is faulty, or nothing is; nothing is written.
        OtherRunError: The output folder is that of a run with other settings.
    """
    documents = read(config.corpus)
    texts = {id_: text for path in config.unlabelled for id_, text in read_texts(path).items()}
    annotated = [document for file in config.annotations for document in read_standoff(file, texts)]
    if not documents and not annotated:
        raise CorpusError(f"{config.corpus}: holds no document; at least one is needed")
    claim_output(config, config.output)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(config.seed)
    tokenizer = TextTokenizer(config.encoder / "tokenizer.json")
    for document in annotated:
        del texts[document["id"]]
    course = Course(
        documents,
        tokenizer,
        epochs=config.epochs,
        batch_documents=config.batch_documents,
        augmentation=config.augmentation,
        seed=config.seed,
        others=annotated,
        others_epochs=config.annotations_epochs or config.epochs,
        teachers=Teachers(config.teachers, config.temperature, device) if config.teachers else None,
        unlabelled=list(texts.values()),
        taught_epochs=config.taught_epochs,
    )
    model = _beginning(config).to(device)
    if device.type == "cpu":
        attend_locally(model.encoder.transformer)
    averaging = get_ema_multi_avg_fn(config.averaging_decay)  # type: ignore[no-untyped-call]
    average = AveragedModel(model, multi_avg_fn=averaging)
    optimizer = _optimizer(model, config)
    up = config.warmup_share
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: up_and_down(step / len(course), up, 1.0 - up))
    checkpoint = config.output / "checkpoint.pt"
    parts = {"model": model, "average": average, "optimizer": optimizer, "scheduler": scheduler}
    done = _resume(checkpoint, parts, device)
    saved = time.monotonic()
    losses: dict[str, float] = {}
    model.train()
    with tqdm(total=len(course), initial=done, unit="step", smoothing=0.02) as progress:
        for lessons in course.lessons(done):
            # As the course follows from its seed, so does what is random in a step.
            torch.manual_seed(config.seed * 1_000_003 + done)
            nats = loss_of(model, lessons, config.masked_share, tokenizer.mask_id)
            optimizer.zero_grad()
            (sum(nats.values(), torch.zeros((), device=device)) / len(lessons)).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0 * len(lessons))
            optimizer.step()
            scheduler.step()
            average.update_parameters(model)
            done += 1
            for name, value in nats.items():
                losses[name] = 0.98 * losses.get(name, value.item() / len(lessons)) + 0.02 * value.item() / len(lessons)
            progress.update()
            progress.set_postfix({name: f"{value:.1f}" for name, value in losses.items()}, refresh=False)
            if time.monotonic() - saved > config.checkpoint_seconds:
                _save(checkpoint, parts, done)
                saved = time.monotonic()
    _save(checkpoint, parts, done)  # before they are mixed: who gives the command again mixes them again
    trained = cast("QuotationModel", average.module)
    if config.beginning_share:
        _mix(trained, QuotationModel.load(config.encoder), config.beginning_share)
    trained.save(config.output, config.encoder / "tokenizer.json")


def _beginning(config: TrainingConfig) -> QuotationModel:
    """Return the trained model to go on from, or an encoder under heads that know nothing yet."""
    if (config.encoder / "heads.json").exists():
        return QuotationModel.load(config.encoder)
    return QuotationModel(Encoder(config.encoder), config.heads or HeadConfig())


def _mix(model: QuotationModel, beginning: QuotationModel, share: float) -> None:
    """Move the weights back towards those that they began with (Wortsman et al. 2022, arXiv:2109.01903)."""
    with torch.no_grad():
        for value, before in zip(model.parameters(), beginning.parameters(), strict=True):
            value.lerp_(before.to(value.device), share)


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
