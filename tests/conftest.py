"""A model small enough to make anew for each run of the tests: random weights, a tokenizer learnt from the gold texts.

And a browser to look at pages with.
"""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page, sync_playwright
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import ModernBertConfig, ModernBertForMaskedLM

from guillemet_models.encoder import Encoder
from guillemet_models.model import HeadConfig, QuotationModel
from guillemet_models.pairing import PAIR_FEATURE_SIZES
from guillemet_models.scheme import LAYERS, OUTSIDE, Relation
from guillemet_models.tokenization import TextTokenizer
from guillemet_models.training.export import export
from guillemet_models.weights import ModelSettings

GOLD_FILES = sorted((Path(__file__).parent / "gold").glob("*.jsonl"))
SPECIAL_TOKENS = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"]
SPLIT = r"\n| ?\p{L}+'?| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]|\s+"
SCORE_SPREAD = 24.0
OUTSIDE_BIAS = 6.0
NOBODY_SCORE = 4.0
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const paint = (colour) => (canvas.fillStyle = colour, canvas.fillRect(0, 0, 1, 1));
  const luminance = () => {
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((it) => it / 255)
      .map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (element, pseudo) => {
    const behind = [];
    for (let it = element; it; it = it.parentElement) {
      const before = getComputedStyle(it, "::before");
      if (before.position === "absolute") behind.unshift(before.backgroundColor);
      behind.unshift(getComputedStyle(it).backgroundColor);
    }
    if (pseudo) behind.push(getComputedStyle(element, pseudo).backgroundColor);
    behind.forEach(paint);
    const paper = luminance();
    paint(getComputedStyle(element, pseudo).color);
    const ink = luminance();
    return (Math.max(paper, ink) + 0.05) / (Math.min(paper, ink) + 0.05);
  };
  const plain = [...document.querySelectorAll("main *, header *, footer *")].filter((it) => it.checkVisibility() &&
    [...it.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return [...plain.map((it) => ratio(it)), ...[...document.querySelectorAll(".call")].map((it) => ratio(it, "::after"))];
}"""
HEADS = HeadConfig(tagging_width=32, span_width=16, pair_width=16)


@pytest.fixture(autouse=True, scope="session")
def heeded_interrupts() -> Iterator[None]:
    """Heed Ctrl-C, here and in the commands that tests start, though what a shell runs in its background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def gold_documents() -> list[dict[str, Any]]:
    return [json.loads(line) for path in GOLD_FILES for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def tiny_tokenizer_file(gold_documents: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace("’", "'"), normalizers.Replace(Regex("[\u00a0\u202f\u2009]"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=2000, special_tokens=SPECIAL_TOKENS, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([document["text"] for document in gold_documents], trainer)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture(scope="session")
def tiny_tokenizer(tiny_tokenizer_file: Path) -> TextTokenizer:
    return TextTokenizer(tiny_tokenizer_file)


@pytest.fixture(scope="session")
def tiny_encoder_folder(tiny_tokenizer_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as pre-training leaves it."""
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    config = ModernBertConfig(
        vocab_size=Tokenizer.from_file(str(tiny_tokenizer_file)).get_vocab_size(),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        local_attention=32,
        global_attn_every_n_layers=2,
        max_position_embeddings=4096,
        pad_token_id=0,
        bos_token_id=1,
        cls_token_id=1,
        eos_token_id=2,
        sep_token_id=2,
    )
    ModernBertForMaskedLM(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes(tiny_tokenizer_file.read_bytes())
    return folder


@pytest.fixture(scope="session")
def tiny_model_folder(
    tiny_encoder_folder: Path, gold_documents: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a folder as training leaves it."""
    torch.manual_seed(1)
    model = QuotationModel(Encoder(tiny_encoder_folder), HEADS)
    tokens = TextTokenizer(tiny_encoder_folder / "tokenizer.json")(gold_documents[0]["text"])
    torch.manual_seed(19)  # again, so that what is tagged does not hang on the size of the heads
    with torch.no_grad():
        for features in model.encoder.features:
            features.weight.normal_(std=0.5)
        # Scores that differ from token to token more than rounding does, and that make spans rare.
        last = model.tagging.layers[-1]
        last.weight *= SCORE_SPREAD
        is_token = torch.ones(1, len(tokens), dtype=torch.bool)
        states = model.eval().encoder(torch.from_numpy(tokens.ids)[None], torch.from_numpy(tokens.features)[None], is_token)
        last.bias -= model.tagging.layers(states)[0].mean(0)
        first = 0
        for layer in LAYERS:
            last.bias[first + OUTSIDE] += OUTSIDE_BIAS
            first += layer.states
        # "Nobody" against forty antecedents alike: else all mentions of a text would be one entity's.
        wins = model.relations.output.weight[Relation.ANTECEDENT].clamp(min=0)
        model.relations.features[0].weight[Relation.ANTECEDENT * PAIR_FEATURE_SIZES[0]] = (
            NOBODY_SCORE * wins / wins.square().sum()
        )
    folder = tmp_path_factory.mktemp("model")
    model = model.half().float()  # what a model folder stores, so that both runtimes compute with the same numbers
    model.save(folder, tiny_encoder_folder / "tokenizer.json")
    return folder


@pytest.fixture(scope="session")
def tiny_onnx_folder(tiny_model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as servers load it."""
    folder = tmp_path_factory.mktemp("onnx")
    model = QuotationModel.load(tiny_model_folder)
    settings = ModelSettings(name="tiny", version="0.0.1", sha256={})
    export(model, tiny_model_folder / "tokenizer.json", folder, settings, torch_too=True)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium. No longer than a module: while it is there, this thread can run no other event loop."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a file, in a context of its own with the options given; nothing may go wrong in it, or be asked of a network."""
    wrong: list[str] = []

    def open_page(file: Path, **options: Any) -> Page:
        page = browser.new_context(**options).new_page()
        page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(request.url) if request.url.startswith("http") else None)
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in browser.contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def contrasts() -> Callable[[Page], list[float]]:
    """Measure the contrast (WCAG 2.2) of every visible text and number of a page with what is painted behind it."""
    return lambda page: page.evaluate(CONTRASTS)
