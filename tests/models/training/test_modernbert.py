"""The rebuilt layers of a ModernBERT say what transformers says: in ONNX Runtime, at any length."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from transformers import ModernBertModel
from transformers.models.modernbert.modeling_modernbert import ModernBertAttention

from guillemet_models.encoder import Encoder
from guillemet_models.model import HeadConfig, QuotationModel
from guillemet_models.runtime import OnnxRuntime
from guillemet_models.tokenization import FEATURE_SIZES
from guillemet_models.torch_runtime import TorchRuntime
from guillemet_models.training.export import export
from guillemet_models.training.modernbert import BLOCK_TOKENS
from guillemet_models.weights import ModelSettings

REACH = 12
VOCABULARY = 600  # times the width large enough to be the largest tensor
LENGTHS = (1, 2, REACH, REACH + 1, REACH + 2, BLOCK_TOKENS - 1, BLOCK_TOKENS, BLOCK_TOKENS + 1, 3 * BLOCK_TOKENS + 5)
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, modernbert: Callable[..., ModernBertModel]) -> QuotationModel:
    """Return a model with biases."""
    folder = tmp_path_factory.mktemp("modernbert")
    transformer = modernbert(REACH, VOCABULARY, attention_bias=True, mlp_bias=True)
    transformer.save_pretrained(folder)
    heads = HeadConfig(tagging_width=32, span_width=16, pair_width=16)
    return QuotationModel(Encoder(folder), heads).half().float().eval()  # what a model folder stores


@pytest.fixture(scope="module")
def served(model: QuotationModel, tiny_tokenizer_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    export(model, tiny_tokenizer_file, folder, ModelSettings(name="tiny", version="0.0.1", sha256={}), int8=True)
    return folder


def _text(length: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    random = np.random.default_rng(length)
    features = np.stack([random.integers(0, size, (1, length)) for size in FEATURE_SIZES], axis=-1)
    return random.integers(5, VOCABULARY, (1, length)), features, np.ones((1, length), dtype=bool)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_graph_computes_what_transformers_computes(model: QuotationModel, served: Path, length: int) -> None:
    by_torch, by_onnx = TorchRuntime(model), OnnxRuntime(served, threads=1, precision="float32")

    expected, found = by_torch.encode(*_text(length)), by_onnx.encode(*_text(length))

    for theirs, ours in zip(expected, found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_text_has_the_same_scores_beside_any_other(served: Path, precision: str) -> None:
    runtime = OnnxRuntime(served, threads=1, precision=precision)
    texts = [_text(length) for length in (5, 70, 200)]
    batch = [np.zeros((3, 200, *part.shape[2:]), part.dtype) for part in texts[0]]
    for row, text in enumerate(texts):
        for whole, part in zip(batch, text, strict=True):
            whole[row, : part.shape[1]] = part[0]

    states, scores = runtime.encode(*batch)

    for row, text in enumerate(texts):
        length = text[0].shape[1]
        alone = runtime.encode(*text)
        np.testing.assert_array_equal(states[row, :length], alone[0][0])
        np.testing.assert_array_equal(scores[row, :length], alone[1][0])


def test_export_leaves_the_model_as_it_was(model: QuotationModel, served: Path) -> None:
    assert (served / "model.json").exists()
    assert {type(layer.attn) for layer in model.encoder.transformer.layers} == {ModernBertAttention}
