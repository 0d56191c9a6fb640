"""What teachers say is what their student is to say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from guillemet_models.encoder import Encoder
from guillemet_models.model import HeadConfig, QuotationModel
from guillemet_models.scheme import Relation
from guillemet_models.tokenization import TextTokenizer, TokenizedText
from guillemet_models.training.distillation import Teachers
from guillemet_models.training.objective import loss_of


@pytest.fixture(scope="module")
def folder(tiny_encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(5)
    model = QuotationModel(Encoder(tiny_encoder_folder), HeadConfig(tagging_width=16, span_width=8, pair_width=8))
    saved = tmp_path_factory.mktemp("teacher")
    model.save(saved, tiny_encoder_folder / "tokenizer.json")
    return saved


@pytest.fixture(scope="module")
def texts(folder: Path, gold_documents: list[dict[str, Any]]) -> list[TokenizedText]:
    tokenizer = TextTokenizer(folder / "tokenizer.json")
    shortest = sorted((document["text"] for document in gold_documents), key=len)[:2]
    return [tokenizer(text) for text in shortest]


def test_lessons_are_distributions(folder: Path, texts: list[TokenizedText]) -> None:
    for text, lesson in zip(texts, Teachers([folder], 1.0, torch.device("cpu")).lessons(texts), strict=True):
        assert lesson.text is text
        torch.testing.assert_close(lesson.tags.sum(-1), torch.ones(lesson.tags.shape[:-1]))
        groups = lesson.pairs.pairs[:, 0] * len(Relation) + lesson.pairs.relations
        for group in np.unique(groups):
            assert lesson.related[torch.from_numpy(groups == group)].sum().item() == pytest.approx(1.0, abs=1e-4)


def test_the_teacher_has_nothing_to_learn_from_itself(folder: Path, texts: list[TokenizedText]) -> None:
    lessons = Teachers([folder], 1.0, torch.device("cpu")).lessons(texts)
    model = QuotationModel.load(folder).eval()

    sum(loss_of(model, lessons, 0.0, 0).values(), torch.zeros(())).backward()  # type: ignore[no-untyped-call]

    gradients = [parameter.grad.abs().max().item() for parameter in model.parameters() if parameter.grad is not None]
    assert len(gradients) > 10
    assert max(gradients) < 1e-3


def test_a_warmer_teacher_is_less_sure(folder: Path, texts: list[TokenizedText]) -> None:
    sure, unsure = (Teachers([folder], temperature, torch.device("cpu")).lessons(texts) for temperature in (0.5, 4.0))

    for one, other in zip(sure, unsure, strict=True):
        assert one.tags.amax(-1).mean() > other.tags.amax(-1).mean()
        assert one.related.square().sum() > other.related.square().sum()


def test_teachers_who_differ_teach_their_mean(folder: Path, tmp_path: Path, texts: list[TokenizedText]) -> None:
    other = QuotationModel.load(folder)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.5)
    other.save(tmp_path, folder / "tokenizer.json")

    alone = [Teachers([one], 1.0, torch.device("cpu")).lessons(texts) for one in (folder, tmp_path)]
    together = Teachers([folder, tmp_path], 1.0, torch.device("cpu")).lessons(texts)

    for one, two, both in zip(*alone, together, strict=True):
        assert (one.tags - two.tags).abs().max() > 1e-3
        torch.testing.assert_close(both.tags, (one.tags + two.tags) / 2)
