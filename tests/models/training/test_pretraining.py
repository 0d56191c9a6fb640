"""A pre-training run of a few steps."""

import itertools
import lzma
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForMaskedLM

from guillemet_models.encoder import Encoder
from guillemet_models.training import pretraining
from guillemet_models.training.pretraining import PretrainingConfig, documents, learning_rate, mask, pretrain, windows
from guillemet_models.training.run import OtherRunError

STEPS = 4


class Killed(Exception):  # noqa: N818
    """Stands for the end of the process."""


@pytest.fixture
def config(tiny_encoder_folder: Path, gold_documents: list[dict[str, Any]], tmp_path: Path) -> PretrainingConfig:
    corpus = tmp_path / "corpus.txt.xz"
    with lzma.open(corpus, "wt", encoding="utf-8") as lines:
        lines.writelines(document["text"].rstrip("\n") + "\n\n" for document in gold_documents[:3])
    return PretrainingConfig(
        encoder=tiny_encoder_folder,
        corpus=corpus,
        output=tmp_path / "encoder",
        tokens=STEPS * 2 * 32,
        window_tokens=32,
        batch_windows=2,
        checkpoint_seconds=-1.0,  # after each step
    )


def rates_of(config: PretrainingConfig, monkeypatch: pytest.MonkeyPatch, *, kills_at: int | None = None) -> list[float]:
    """Run; return how far the run was at each step it took."""
    seen: list[float] = []

    def rate(progress: float, config: PretrainingConfig) -> float:
        if len(seen) == kills_at:
            raise Killed
        seen.append(progress)
        return learning_rate(progress, config)

    with monkeypatch.context() as patch:
        patch.setattr(pretraining, "learning_rate", rate)
        if kills_at is None:
            pretrain(config)
        else:
            with pytest.raises(Killed):
                pretrain(config)
    return seen


def test_a_run_changes_the_encoder_and_writes_one_that_can_be_fine_tuned(config: PretrainingConfig) -> None:
    pretrain(config)

    before, after = (AutoModelForMaskedLM.from_pretrained(folder) for folder in (config.encoder, config.output))
    assert any(not torch.equal(one, other) for one, other in zip(before.parameters(), after.parameters(), strict=True))
    assert (config.output / "tokenizer.json").read_bytes() == (config.encoder / "tokenizer.json").read_bytes()
    assert Encoder(config.output).width == 32


def test_a_run_that_was_killed_goes_on_where_it_was(config: PretrainingConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rates_of(config, monkeypatch, kills_at=2) == [0.0, 0.25]
    assert rates_of(config, monkeypatch) == [0.5, 0.75]
    assert rates_of(config, monkeypatch) == []


def test_no_other_run_goes_on_from_its_checkpoint(config: PretrainingConfig) -> None:
    pretrain(config)

    with pytest.raises(OtherRunError, match="another tokens and seed"):
        pretrain(replace(config, seed=2, tokens=config.tokens * 2))


def test_the_corpus_is_read_document_by_document_for_ever(
    config: PretrainingConfig, gold_documents: list[dict[str, Any]]
) -> None:
    texts = ["\n".join(line for line in document["text"].split("\n") if line) for document in gold_documents[:3]]

    assert list(itertools.islice(documents(config.corpus, 100_000), 7)) == [*texts, *texts, texts[0]]


def test_documents_that_are_too_long_are_left_out(config: PretrainingConfig, gold_documents: list[dict[str, Any]]) -> None:
    longest = max(len(document["text"]) for document in gold_documents[:3])

    found = list(itertools.islice(documents(config.corpus, longest - 1), 4))

    assert all(len(text) < longest for text in found)


def test_windows_are_packed_to_the_brim(config: PretrainingConfig) -> None:
    for batch in itertools.islice(windows(config), 5):
        assert batch.shape == (2, 32)
        assert (batch != 0).all()


def test_only_chosen_tokens_are_corrupted() -> None:
    torch.manual_seed(0)
    ids = torch.randint(5, 1000, (200, 500))

    corrupted, chosen = mask(ids, 0.3, 3, 1000)

    assert torch.equal(corrupted[~chosen], ids[~chosen])
    assert chosen.float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert (corrupted[chosen] == 3).float().mean().item() == pytest.approx(0.8, abs=0.01)
    assert (corrupted[chosen] == ids[chosen]).float().mean().item() == pytest.approx(0.1, abs=0.01)


def test_the_learning_rate_goes_up_stays_and_falls_to_nothing(config: PretrainingConfig) -> None:
    rates = [learning_rate(step / 100, config) for step in range(101)]

    assert rates[0] == rates[100] == 0.0
    assert rates[10] == rates[50] == max(rates) == config.learning_rate
    assert rates[60:] == sorted(rates[60:], reverse=True)


@pytest.mark.parametrize(("line", "word"), [("token = 3", "token"), ("", "tokens")])
def test_a_wrong_key_is_named(tmp_path: Path, line: str, word: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(f'encoder = "e"\ncorpus = "c"\noutput = "o"\n{line}', encoding="utf-8")

    with pytest.raises(ValueError, match=word):
        PretrainingConfig.read(path)


def test_a_run_begins_behind_the_documents_that_an_earlier_one_has_read(config: PretrainingConfig) -> None:
    tokenizer = Tokenizer.from_file(str(config.encoder / "tokenizer.json"))
    second = list(itertools.islice(documents(config.corpus, config.max_document_characters), 2))[1]

    first_window = next(windows(replace(config, skipped_documents=1)))

    expected = tokenizer.encode(second).ids[: first_window.numel()]
    assert first_window.flatten().tolist()[: len(expected)] == expected
