"""A training run small enough to be run in a test, whole and in pieces."""

import json
import lzma
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from guillemet_models.model import HeadConfig, QuotationModel
from guillemet_models.tokenization import TextTokenizer
from guillemet_models.training import train as training
from guillemet_models.training.corpus import example
from guillemet_models.training.run import OtherRunError
from guillemet_models.training.sequence_loss import one_hot, sequence_loss
from guillemet_models.training.standoff import detached
from guillemet_models.training.train import TrainingConfig, train

HEADS = HeadConfig(tagging_width=16, span_width=8, pair_width=8)


class Killed(Exception):  # noqa: N818
    """Stands for the end of the process."""


class Progress(training.tqdm):
    """Ends the process at a certain step, counted from where the run began."""

    kills_at = 0
    seen = 0

    def update(self, n: float | None = 1) -> bool | None:
        """Count the step, and end where it was asked."""
        type(self).seen += 1
        if type(self).seen == type(self).kills_at:
            raise Killed
        return super().update(n)


@pytest.fixture(scope="module")
def articles(gold_documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(gold_documents, key=lambda document: len(document["text"]))[:2]


@pytest.fixture(scope="module")
def whole(
    tiny_encoder_folder: Path, articles: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> TrainingConfig:
    """Return a run that was never interrupted, and has run."""
    folder = tmp_path_factory.mktemp("whole")
    corpus = folder / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(article) + "\n" for article in articles), encoding="utf-8")
    config = TrainingConfig(
        encoder=tiny_encoder_folder,
        corpus=corpus,
        output=folder / "model",
        epochs=2,
        averaging_decay=0.5,
        batch_documents=1,
        checkpoint_seconds=-1.0,  # after each step
        heads=HEADS,
    )
    train(config)
    return config


@pytest.fixture
def config(whole: TrainingConfig, tmp_path: Path) -> TrainingConfig:
    return replace(whole, output=tmp_path / "model")


def tag_loss(folder: Path, articles: list[dict[str, Any]]) -> float:
    model, tokenizer = QuotationModel.load(folder).eval(), TextTokenizer(folder / "tokenizer.json")
    total = 0.0
    for article in articles:
        item = example(article, tokenizer(article["text"]))
        is_token = torch.ones(1, len(item.text), dtype=torch.bool)
        with torch.inference_mode():
            _, scores = model(torch.from_numpy(item.text.ids)[None], torch.from_numpy(item.text.features)[None], is_token)
            total += sequence_loss(scores, one_hot(torch.from_numpy(item.tags)[None]), is_token).sum().item()
    return total


def test_training_makes_the_annotation_likelier_and_writes_a_model(
    config: TrainingConfig, articles: list[dict[str, Any]], tmp_path: Path
) -> None:
    longer = replace(config, output=tmp_path / "longer", epochs=8, head_learning_rate=1e-2)

    train(replace(config, epochs=1, head_learning_rate=0.0, encoder_learning_rate=0.0))
    train(longer)

    assert tag_loss(longer.output, articles) < 0.5 * tag_loss(config.output, articles)
    assert {path.name for path in longer.output.iterdir()} == {
        "model.safetensors",
        "config.json",
        "heads.json",
        "tokenizer.json",
        "checkpoint.pt",
        "run.json",
    }


def test_a_trained_model_goes_on_with_its_heads(config: TrainingConfig, whole: TrainingConfig) -> None:
    train(replace(config, encoder=whole.output, epochs=1, head_learning_rate=0.0, encoder_learning_rate=0.0))

    before, after = (QuotationModel.load(folder).state_dict() for folder in (whole.output, config.output))
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("kills_at", [2, 3, 4], ids=["in an epoch", "behind an epoch", "in the last epoch"])
def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(
    config: TrainingConfig, whole: TrainingConfig, kills_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(training, "tqdm", Progress)
        patch.setattr(Progress, "seen", 0)
        patch.setattr(Progress, "kills_at", kills_at)
        with pytest.raises(Killed):
            train(config)
        assert not (config.output / "model.safetensors").exists()

    train(config)

    expected, resumed = (load_file(run.output / "model.safetensors") for run in (whole, config))
    for name, value in expected.items():
        torch.testing.assert_close(resumed[name], value, msg=lambda text, name=name: f"{name}: {text}")


def test_a_finished_run_is_not_run_again(whole: TrainingConfig) -> None:
    before = load_file(whole.output / "model.safetensors")

    train(whole)

    after = load_file(whole.output / "model.safetensors")
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_a_run_is_not_taken_for_another(whole: TrainingConfig) -> None:
    other = replace(whole, seed=whole.seed + 1, masked_share=0.5)

    with pytest.raises(OtherRunError, match=r"model is of a run with another masked_share and seed"):
        train(other)


def test_two_runs_of_one_seed_are_the_same(config: TrainingConfig, whole: TrainingConfig) -> None:
    train(config)

    one, two = (load_file(run.output / "model.safetensors") for run in (whole, config))
    for name, value in one.items():
        torch.testing.assert_close(two[name], value)


def test_a_taught_run_reads_what_nobody_annotated_and_goes_on_where_it_was_killed(
    config: TrainingConfig,
    whole: TrainingConfig,
    articles: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unlabelled = tmp_path / "unlabelled.jsonl.xz"
    with lzma.open(unlabelled, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps({"id": article["id"], "text": article["text"]}) + "\n" for article in articles)
    taught = replace(config, teachers=[whole.output], unlabelled=[unlabelled], taught_epochs=1)
    undisturbed = replace(taught, output=tmp_path / "undisturbed")
    train(undisturbed)

    with monkeypatch.context() as patch:
        patch.setattr(training, "tqdm", Progress)
        patch.setattr(Progress, "seen", 0)
        patch.setattr(Progress, "kills_at", 3)  # of four steps in the first epoch
        with pytest.raises(Killed):
            train(taught)
    train(taught)

    untaught, expected, resumed = (load_file(run.output / "model.safetensors") for run in (whole, undisturbed, taught))
    assert any(not torch.equal(untaught[name], value) for name, value in expected.items())
    for name, value in expected.items():
        torch.testing.assert_close(resumed[name], value)


def test_articles_annotated_apart_from_their_texts_are_trained_on(
    config: TrainingConfig, articles: list[dict[str, Any]], tmp_path: Path
) -> None:
    texts, annotations, nothing = (tmp_path / name for name in ("texts.jsonl", "annotations.jsonl", "nothing.jsonl"))
    texts.write_text("".join(json.dumps({"id": it["id"], "text": it["text"]}) + "\n" for it in articles), encoding="utf-8")
    annotations.write_text("".join(json.dumps(detached(article)) + "\n" for article in articles), encoding="utf-8")
    nothing.write_text("", encoding="utf-8")
    apart = replace(config, output=tmp_path / "apart", corpus=nothing, unlabelled=[texts], annotations=[annotations])

    train(config)
    train(apart)

    one, other = (load_file(run.output / "model.safetensors") for run in (config, apart))
    for name, value in one.items():
        torch.testing.assert_close(other[name], value)


def test_a_run_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    for name in ("config.json", "tokenizer.json", "corpus.jsonl"):
        (tmp_path / name).touch()
    path.write_text(
        f'encoder = "{tmp_path}"\ncorpus = "{tmp_path}/corpus.jsonl"\noutput = "o"\nepochs = 3\n'
        "[heads]\ndropout = 0.1\n[augmentation]\nother_marks = 0.0\n",
        encoding="utf-8",
    )

    config = TrainingConfig.read(path)

    assert (config.encoder, config.epochs) == (tmp_path, 3)
    assert config.heads.dropout == pytest.approx(0.1)
    assert config.augmentation.other_marks == pytest.approx(0.0)


def test_a_share_of_what_a_model_began_with_is_kept(config: TrainingConfig, whole: TrainingConfig) -> None:
    goes_on = replace(config, encoder=whole.output, seed=7)
    mixed = replace(goes_on, output=config.output.with_name("mixed"), beginning_share=0.25)
    train(goes_on)
    train(mixed)

    begun, ended, saved = (QuotationModel.load(folder).state_dict() for folder in (whole.output, goes_on.output, mixed.output))
    assert any(not torch.equal(begun[name], ended[name]) for name in begun)
    for name, value in saved.items():
        torch.testing.assert_close(value, 0.25 * begun[name] + 0.75 * ended[name])

    train(mixed)  # again: it keeps that share, not a share of that

    again = QuotationModel.load(mixed.output).state_dict()
    assert all(torch.equal(again[name], value) for name, value in saved.items())


def test_an_encoder_alone_has_no_share_to_keep(tiny_encoder_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(f'encoder = "{tiny_encoder_folder}"\ncorpus = "c"\noutput = "o"\nbeginning_share = 0.5', encoding="utf-8")

    with pytest.raises(ValueError, match="no trained model"):
        TrainingConfig.read(path)


def test_heads_are_not_asked_of_a_model_that_has_some(whole: TrainingConfig, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(f'encoder = "{whole.output}"\ncorpus = "c"\noutput = "o"\n[heads]\ndropout = 0.1', encoding="utf-8")

    with pytest.raises(ValueError, match="has heads"):
        TrainingConfig.read(path)


@pytest.mark.parametrize(
    ("toml", "word"),
    [
        ('encoder = "e"\ncorpus = "c"\noutput = "o"\nepoch = 3', "epoch: no such setting; epochs is one"),
        ('encoder = "e"\ncorpus = "c"', "output"),
        ('encoder = "e"\ncorpus = "c"\noutput = "o"\nteachers = ["t"]', "unlabelled"),
        (
            'encoder = "e"\ncorpus = "c"\noutput = "o"\n[heads]\npairwidth = 1',
            "heads.pairwidth: no such setting; pair_width is one",
        ),
        ('encoder = "e"\ncorpus = "c"\noutput = "o"\n[augmentation]\nnoise = 1', "augmentation.noise: no such setting$"),
        ('encoder = "e"\ncorpus = "c"\noutput = "o"\n[augmentation]\nrenamed = 2', "augmentation.renamed: .* equal to 1"),
        ('encoder = 1\ncorpus = "c"\noutput = "o"', "encoder: Input should be a valid string"),
        ('encoder = "e"\ncorpus = "c"\noutput = "o"\nepochs = "7"', "epochs: Input should be a valid integer"),
        ('encoder = "e"\ncorpus = "c"\noutput = "o"\nbatch_documents = 0', "batch_documents: .* greater than or equal to 1"),
        ('encoder = "e"\ncorpus = "c"\noutput = "o"\nwarmup_share = 1.5', "warmup_share: .* less than or equal to 1"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, toml: str, word: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(toml, encoding="utf-8")

    with pytest.raises(ValueError, match=word):
        TrainingConfig.read(path)
