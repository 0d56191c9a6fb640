"""Two runtimes, one model."""

import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from guillemet_models.attribution import candidates
from guillemet_models.decoding import decode
from guillemet_models.extractor import Extractor
from guillemet_models.model import QuotationModel
from guillemet_models.pairing import propose
from guillemet_models.runtime import OnnxRuntime
from guillemet_models.scheme import LAYERS
from guillemet_models.tokenization import FEATURE_SIZES, TextTokenizer
from guillemet_models.torch_runtime import TorchRuntime

TOLERANCE = 1e-3  # weights are stored as float16


@pytest.fixture(scope="module")
def runtimes(tiny_model_folder: Path, tiny_onnx_folder: Path) -> tuple[TorchRuntime, OnnxRuntime]:
    return TorchRuntime.load(tiny_model_folder), OnnxRuntime(tiny_onnx_folder, threads=1, precision="float32")


def test_both_runtimes_say_the_same(
    runtimes: tuple[TorchRuntime, OnnxRuntime], tiny_tokenizer: TextTokenizer, gold_documents: list[dict[str, Any]]
) -> None:
    by_torch, by_onnx = runtimes
    for document in gold_documents[:4]:
        text = tiny_tokenizer(document["text"])
        is_token = np.ones((1, len(text)), dtype=bool)
        (states, scores), (onnx_states, onnx_scores) = (
            runtime.encode(text.ids[None], text.features[None], is_token) for runtime in runtimes
        )
        np.testing.assert_allclose(onnx_states, states, atol=TOLERANCE)
        np.testing.assert_allclose(onnx_scores, scores, atol=TOLERANCE)
        tagging = decode(scores[0])
        assert [(span.layer, span.label, span.first, span.last) for layer in LAYERS for span in tagging.spans[layer]] == [
            (span.layer, span.label, span.first, span.last) for layer in LAYERS for span in decode(onnx_scores[0]).spans[layer]
        ]
        pairs = propose(text, candidates(text, tagging)[0])
        assert len(pairs.pairs)
        np.testing.assert_allclose(by_onnx.relate(states[0], pairs), by_torch.relate(states[0], pairs), atol=TOLERANCE)


def test_both_runtimes_load_from_one_folder_and_find_the_same(
    tiny_onnx_folder: Path, gold_documents: list[dict[str, Any]]
) -> None:
    by_onnx, by_torch = (Extractor.load(tiny_onnx_folder, threads=1, runtime=name) for name in ("onnx", "torch"))

    assert (by_onnx.description.runtime, by_torch.description.runtime) == ("onnx", "torch")
    for document in gold_documents[:4]:
        [one], [other] = (extractor.extract([document["text"]]) for extractor in (by_onnx, by_torch))
        assert [quotation.spans for quotation in one.quotations] == [quotation.spans for quotation in other.quotations]
        assert [entity.mentions for entity in one.entities] == [entity.mentions for entity in other.entities]


def test_padding_changes_nothing(runtimes: tuple[TorchRuntime, OnnxRuntime]) -> None:
    random = np.random.default_rng(0)
    ids = random.integers(5, 200, (1, 40))
    features = np.stack([random.integers(0, size, (1, 40)) for size in FEATURE_SIZES], axis=-1)
    is_token = np.ones((1, 40), dtype=bool)
    padded = [
        np.concatenate([part, np.zeros((1, 25, *part.shape[2:]), part.dtype)], axis=1) for part in (ids, features, is_token)
    ]

    for runtime in runtimes:
        _, alone = runtime.encode(ids, features, is_token)
        _, beside = runtime.encode(*padded)
        np.testing.assert_allclose(beside[:, :40], alone, atol=TOLERANCE)


def test_one_token_is_enough(runtimes: tuple[TorchRuntime, OnnxRuntime]) -> None:
    for runtime in runtimes:
        states, scores = runtime.encode(
            np.array([[7]]), np.zeros((1, 1, len(FEATURE_SIZES)), dtype=np.int64), np.ones((1, 1), dtype=bool)
        )
        assert states.shape[:2] == scores.shape[:2] == (1, 1)
        assert states.dtype == scores.dtype == np.float32


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch compiles with g++")
def test_compiled_it_says_the_same_of_any_shape(tiny_model_folder: Path) -> None:
    plain = TorchRuntime.load(tiny_model_folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of its own parts
        warnings.filterwarnings("error", message="torch cannot compile")
        compiled = TorchRuntime(QuotationModel.load(tiny_model_folder), compiled=True)
    random = np.random.default_rng(0)

    for batch, length in ((1, 40), (3, 17), (1, 1), (2, 90)):
        ids = random.integers(5, 200, (batch, length))
        features = np.stack([random.integers(0, size, ids.shape) for size in FEATURE_SIZES], axis=-1)
        is_token = np.arange(length) < random.integers(1, length + 1, (batch, 1))
        for one, other in zip(plain.encode(ids, features, is_token), compiled.encode(ids, features, is_token), strict=True):
            np.testing.assert_allclose(one[is_token], other[is_token], atol=TOLERANCE)


def test_what_cannot_be_compiled_runs_as_it_is(tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(*_: object, **__: object) -> object:
        def fail(*_: object) -> None:
            raise RuntimeError("no compiler")

        return fail

    monkeypatch.setattr(torch, "compile", compiled)

    with pytest.warns(UserWarning, match="no compiler"):
        runtime = TorchRuntime(QuotationModel.load(tiny_model_folder), compiled=True)

    ids = np.full((1, 5), 7)
    states, _ = runtime.encode(ids, np.zeros((1, 5, len(FEATURE_SIZES)), dtype=np.int64), np.ones((1, 5), dtype=bool))
    assert np.isfinite(states).all()
