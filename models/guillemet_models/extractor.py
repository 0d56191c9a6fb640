"""The whole way of a document, batched: the one class that a server needs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from guillemet_models.attribution import Evidence, RelationProbabilities, attribute, candidates
from guillemet_models.calibration import Calibration, Scale
from guillemet_models.coreference import resolve
from guillemet_models.decoding import decode
from guillemet_models.document import Document
from guillemet_models.pairing import propose
from guillemet_models.runtime import Array, OnnxRuntime, Runtime
from guillemet_models.steps import step
from guillemet_models.tokenization import FEATURE_SIZES, TextTokenizer, TokenizedText, windows
from guillemet_models.weights import TOKENIZER, TORCH, ModelFileError, ModelSettings, embedded_folder, read_settings

# What an article has; a hundred thousand pairs of a long report would take a gigabyte, which the process would keep.
_PAIRS_TOGETHER = 8_192
_ANY_TEXT = "« Nous sommes prêts », a déclaré la ministre. Selon elle, le texte sera adopté."

RuntimeName: TypeAlias = Literal["onnx", "torch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDescription:
    """What is loaded."""

    name: str
    version: str
    sha256: str  # of the encoder's weights, hexadecimal
    runtime: str  # "onnx" or "torch"
    precision: str  # "float32", "int8" or "bfloat16"
    threads: int
    concurrency: int = 1  # calls of `Extractor.encode` or `extract` at a time that keep the runtime busy
    batch_tokens: int = (
        0  # padded, that one call of `encode` should be given; a longer window comes alone. 0: always one window
    )
    window_tokens: int = 1024  # a longer text is read in several windows


class Interrupted(Exception):  # noqa: N818 (it is no error: the caller asked for it)
    """The caller's `interrupted` said so between two windows."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedText:
    """A text that can be read."""

    tokenized: TokenizedText
    windows: tuple[slice, ...]  # of tokens; none where there are no tokens


class EncodedWindow(NamedTuple):
    """What the encoder says of one window."""

    window: slice
    states: Array  # (tokens, width)
    scores: Array  # (tokens, layers, states)


class Extractor:
    """Texts in, documents out: by `extract`, or step by step where texts of several callers take turns.

    Any thread may call any method; of the calls that encode, `description.concurrency` at a time make the best use of the CPUs.
    What computes most releases the GIL.
    """

    def __init__(self, tokenizer: TextTokenizer, runtime: Runtime, settings: ModelSettings) -> None:
        """Put the parts together; `load` is the usual way to come by them."""
        self._tokenizer = tokenizer
        self._runtime = runtime
        self.settings = settings
        self._calibration = Calibration(**{kind: Scale(*values) for kind, values in settings.calibration.items()})
        self.description = ModelDescription(
            name=settings.name,
            version=settings.version,
            sha256=settings.sha256.get(runtime.weights, ""),
            runtime=runtime.name,
            precision=runtime.precision,
            threads=runtime.threads,
            concurrency=runtime.concurrency,
            batch_tokens=runtime.batch_tokens,
            window_tokens=settings.window_tokens,
        )

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int | None = None, runtime: RuntimeName = "onnx") -> "Extractor":
        """Load a model folder, or the embedded model.

        Args:
            folder: With ``model.json``, ``tokenizer.json`` and the ONNX graphs. None: the embedded model.
            threads: For inference. None: the CPUs this process may use.
            runtime: "onnx" for CPUs; "torch" for a GPU, and CPUs where there is none.

        Raises:
            ModelFileError: A file is missing, damaged or of another format; the message names it. Or torch is asked for, and
                is not there or has no weights.
        """
        folder = folder or embedded_folder()
        settings = read_settings(folder)
        computing = OnnxRuntime(folder, threads) if runtime == "onnx" else _torch_runtime(folder, threads, settings)
        return cls(TextTokenizer(folder / TOKENIZER), computing, settings)

    def warm_up(self) -> None:
        """Read a text for nobody: the first one allocates what the following ones reuse."""
        self.extract([_ANY_TEXT])

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool] | None = None) -> list[Document]:
        """Return the documents of `texts`, in order.

        Args:
            texts: Any length each; long ones are read in overlapping windows. May be empty.
            interrupted: Asked between windows and before a text is decoded; when it says yes, the call ends with `Interrupted`.

        Raises:
            Interrupted: As asked.
        """
        with step("tokenize"):
            prepared = [self.prepare(text) for text in texts]
        read: dict[PreparedText, list[EncodedWindow]] = {text: [] for text in prepared}
        with step("infer"):
            pieces = [(text, window) for text in prepared for window in text.windows]
            for index, batch in enumerate(_batches(pieces, self._runtime.batch_tokens)):
                if index and interrupted and interrupted():
                    raise Interrupted
                for (text, _), encoded in zip(batch, self.encode(batch), strict=True):
                    read[text].append(encoded)
        documents = []
        with step("decode"):
            for text in prepared:
                if interrupted and interrupted():
                    raise Interrupted
                documents.append(self.finish(text, read[text]))
        return documents

    def prepare(self, text: str) -> PreparedText:
        """Return the tokens of `text`, and the windows in which they are to be encoded: the first step."""
        tokenized = self._tokenizer(text)
        settings = self.settings
        cut = windows(len(tokenized), settings.window_tokens, settings.overlap_tokens) if len(tokenized) else ()
        return PreparedText(tokenized, tuple(cut))

    def encode(self, batch: Sequence[tuple[PreparedText, slice]]) -> list[EncodedWindow]:
        """Return what the encoder says of some windows of some texts, in order: the second step.

        Args:
            batch: At least one; together within `description.batch_tokens`, each as long as the longest.
        """
        length = max(window.stop - window.start for _, window in batch)
        ids = np.zeros((len(batch), length), dtype=np.int64)
        features = np.zeros((len(batch), length, len(FEATURE_SIZES)), dtype=np.int64)
        is_token = np.zeros((len(batch), length), dtype=bool)
        for row, (text, window) in enumerate(batch):
            size = window.stop - window.start
            ids[row, :size] = text.tokenized.ids[window]
            features[row, :size] = text.tokenized.features[window]
            is_token[row, :size] = True
        states, scores = self._runtime.encode(ids, features, is_token)
        sizes = [window.stop - window.start for _, window in batch]
        return [EncodedWindow(batch[row][1], states[row, :size], scores[row, :size]) for row, size in enumerate(sizes)]

    def finish(self, text: PreparedText, encoded: Iterable[EncodedWindow]) -> Document:
        """Return the document of a text all of whose windows are encoded, in any order: the last step."""
        parts = sorted(encoded, key=lambda part: part.window.start)
        tokenized = text.tokenized
        if not parts:
            return Document(text=tokenized.text, quotations=(), entities=(), tokens=0, windows=0)
        states, scores = _joined(len(tokenized), parts)
        tagging = decode(scores, self.settings.bonus)
        found, tagged = candidates(tokenized, tagging)
        pairs = propose(tokenized, found)
        related = [self._runtime.relate(states[tokens], part) for tokens, part in pairs.parts(_PAIRS_TOGETHER)]
        relations = RelationProbabilities(pairs, np.concatenate([np.zeros(0, dtype=np.float32), *related]))
        evidence = Evidence(tokenized, tagging, found, tagged, relations)
        quotations, entities = resolve(evidence, attribute(evidence))
        document = Document(
            text=tokenized.text, quotations=quotations, entities=entities, tokens=len(tokenized), windows=len(parts)
        )
        return self._calibration.apply(document)


def _torch_runtime(folder: Path, threads: int | None, settings: ModelSettings) -> Runtime:
    if not settings.sha256.keys() >= set(TORCH):
        raise ModelFileError(f"{folder} has no weights for torch: guillemet export --torch writes them")
    try:
        from guillemet_models.torch_runtime import TorchRuntime  # noqa: PLC0415 (several hundred MB, for GPUs only)
    except ModuleNotFoundError as error:
        needs = "the runtime torch needs it: install guillemet with its extra 'gpu'"
        raise ModelFileError(f"{error.name} is not installed; {needs}") from error
    return TorchRuntime.load(folder, threads)


def _batches(pieces: Sequence[tuple[PreparedText, slice]], tokens: int) -> Iterator[list[tuple[PreparedText, slice]]]:
    """Yield pieces of like length together, so that little is padded, within `tokens` padded ones."""
    batch: list[tuple[PreparedText, slice]] = []
    for piece in sorted(pieces, key=lambda piece: piece[1].start - piece[1].stop):
        longest = (batch or [piece])[0][1]
        if (len(batch) + 1) * (longest.stop - longest.start) > tokens and batch:
            yield batch
            batch = []
        batch.append(piece)
    if batch:
        yield batch


def _joined(length: int, parts: Sequence[EncodedWindow]) -> tuple[Array, Array]:
    """Return states and scores of a whole text, each token from the window in which it stands furthest from an edge."""
    if len(parts) == 1:
        return parts[0].states, parts[0].scores
    states = np.empty((length, parts[0].states.shape[1]), dtype=np.float32)
    scores = np.empty((length, *parts[0].scores.shape[1:]), dtype=np.float32)
    begin = 0
    for index, (window, own_states, own_scores) in enumerate(parts):
        end = length if index + 1 == len(parts) else (parts[index + 1].window.start + window.stop) // 2
        inner = slice(begin - window.start, end - window.start)
        states[begin:end], scores[begin:end] = own_states[inner], own_scores[inner]
        begin = end
    return states, scores
