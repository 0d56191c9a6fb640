"""Any encoder of transformers can be fine-tuned, also one that reads less at once than an article has."""

import json
from pathlib import Path

import pytest
import torch
from transformers import CamembertConfig, CamembertModel

from guillemet_models.extractor import Extractor
from guillemet_models.model import QuotationModel
from guillemet_models.tokenization import TextTokenizer
from guillemet_models.torch_runtime import TorchRuntime
from guillemet_models.training.export import export
from guillemet_models.training.train import TrainingConfig, train
from guillemet_models.weights import ModelSettings, read_settings

GOLD = Path(__file__).parents[2] / "gold" / "press.jsonl"
POSITIONS = 98  # of which CamemBERT's kind uses two fewer


@pytest.fixture
def camembert(tiny_encoder_folder: Path, tmp_path: Path) -> Path:
    """Return the folder of a tiny random encoder of another kind, with its own name for the mask."""
    folder = tmp_path / "camembert"
    torch.manual_seed(0)
    tokenizer = (tiny_encoder_folder / "tokenizer.json").read_text(encoding="utf-8").replace('"[MASK]"', '"<mask>"')
    config = CamembertConfig(
        vocab_size=len(json.loads(tokenizer)["model"]["vocab"]) + 8,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=POSITIONS,
        pad_token_id=1,
    )
    CamembertModel(config, add_pooling_layer=False).save_pretrained(folder)
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    return folder


def test_a_camembert_is_trained_exported_and_read_in_windows(camembert: Path, tmp_path: Path) -> None:
    article = GOLD.read_text(encoding="utf-8").splitlines()[0]
    corpus, trained, served = tmp_path / "gold.jsonl", tmp_path / "trained", tmp_path / "served"
    corpus.write_text(article, encoding="utf-8")

    train(TrainingConfig(encoder=camembert, corpus=corpus, output=trained, epochs=1, batch_documents=1))
    model = QuotationModel.load(trained)
    settings = ModelSettings(name="camembert", version="0.0.1", sha256={})
    export(model, trained / "tokenizer.json", served, settings)

    assert model.encoder.max_tokens == POSITIONS - 2 == read_settings(served).window_tokens
    text = json.loads(article)["text"]
    by_onnx = Extractor.load(served).extract([text])
    by_torch = Extractor(TextTokenizer(camembert / "tokenizer.json"), TorchRuntime(model), read_settings(served)).extract(
        [text]
    )
    assert by_onnx[0].windows > 1
    assert [it.spans for it in by_onnx[0].quotations] == [it.spans for it in by_torch[0].quotations]


def test_a_tokenizer_without_a_mask_is_refused(camembert: Path) -> None:
    path = camembert / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"<mask>"', '"<hide>"'), encoding="utf-8")

    with pytest.raises(ValueError, match="mask"):
        TextTokenizer(path).mask_id  # noqa: B018 (a property that raises)
