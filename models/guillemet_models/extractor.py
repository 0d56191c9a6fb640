"""The whole way of a document, batched: the one class that a server needs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from guillemet_models.attribution import Evidence, RelationProbabilities, attribute, candidates
from guillemet_models.calibration import Calibration, Scale
from guillemet_models.coreference import resolve
from guillemet_models.decoding import decode
from guillemet_models.document import Document
from guillemet_models.pairing import propose
from guillemet_models.runtime import Array, OnnxRuntime, Runtime
from guillemet_models.tokenization import FEATURE_SIZES, TextTokenizer, TokenizedText, windows
from guillemet_models.weights import TOKENIZER, ModelSettings, embedded_folder, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDescription:
    """What is loaded."""

    name: str
    version: str
    sha256: str  # of the encoder's weights, hexadecimal
    runtime: str  # "onnx" or "torch"
    precision: str  # "float32", "int8" or "bfloat16"
    threads: int


class Interrupted(Exception):  # noqa: N818 (it is no error: the caller asked for it)
    """The caller's `interrupted` said so between two windows."""


class Extractor:
    """Texts in, documents out.

    Call `extract` from one thread at a time; the runtime itself uses `threads` and releases the GIL. `count_tokens` may be
    called from any thread meanwhile.
    """

    def __init__(self, tokenizer: TextTokenizer, runtime: Runtime, settings: ModelSettings) -> None:
        """Put the parts together; `load` is the usual way to come by them."""
        self._tokenizer = tokenizer
        self._runtime = runtime
        self._settings = settings
        self._calibration = Calibration(**{kind: Scale(*values) for kind, values in settings.calibration.items()})
        self.description = ModelDescription(
            name=settings.name,
            version=settings.version,
            sha256=settings.sha256.get(runtime.weights, ""),
            runtime=runtime.name,
            precision=runtime.precision,
            threads=runtime.threads,
        )

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int | None = None) -> "Extractor":
        """Load a model folder, or the embedded model.

        Args:
            folder: With ``model.json``, ``tokenizer.json`` and the ONNX graphs. None: the embedded model.
            threads: For inference. None: the CPUs this process may use.

        Raises:
            ModelFileError: A file is missing, damaged or of another format; the message names it.
        """
        folder = folder or embedded_folder()
        settings = read_settings(folder)
        return cls(TextTokenizer(folder / TOKENIZER), OnnxRuntime(folder, threads), settings)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has: the unit in which work is measured."""
        return self._tokenizer.count(text)

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool] | None = None) -> list[Document]:
        """Return the documents of `texts`, in order.

        Args:
            texts: Any length each; long ones are read in overlapping windows. May be empty.
            interrupted: Asked between windows; when it says yes, the call ends with `Interrupted`.

        Raises:
            Interrupted: As asked.
        """
        tokenized = [self._tokenizer(text) for text in texts]
        pieces = [
            (index, window)
            for index, text in enumerate(tokenized)
            if len(text)
            for window in windows(len(text), self._settings.window_tokens, self._settings.overlap_tokens)
        ]
        read: list[list[tuple[slice, Array, Array]]] = [[] for _ in texts]
        for batch in _batches(pieces, self._runtime.batch_tokens):
            if interrupted and interrupted():
                raise Interrupted
            for (index, window), states, scores in self._encode(tokenized, batch):
                read[index].append((window, states, scores))
        documents = []
        for text, parts in zip(tokenized, read, strict=True):
            if interrupted and interrupted():
                raise Interrupted
            documents.append(self._document(text, parts))
        return documents

    def _encode(
        self, tokenized: Sequence[TokenizedText], batch: Sequence[tuple[int, slice]]
    ) -> Iterator[tuple[tuple[int, slice], Array, Array]]:
        length = max(window.stop - window.start for _, window in batch)
        ids = np.zeros((len(batch), length), dtype=np.int64)
        features = np.zeros((len(batch), length, len(FEATURE_SIZES)), dtype=np.int64)
        is_token = np.zeros((len(batch), length), dtype=bool)
        for row, (index, window) in enumerate(batch):
            size = window.stop - window.start
            ids[row, :size] = tokenized[index].ids[window]
            features[row, :size] = tokenized[index].features[window]
            is_token[row, :size] = True
        states, scores = self._runtime.encode(ids, features, is_token)
        for row, piece in enumerate(batch):
            size = piece[1].stop - piece[1].start
            yield piece, states[row, :size], scores[row, :size]

    def _document(self, text: TokenizedText, parts: Sequence[tuple[slice, Array, Array]]) -> Document:
        if not parts:
            return Document(text=text.text, quotations=(), entities=(), tokens=0, windows=0)
        states, scores = _joined(len(text), sorted(parts, key=lambda part: part[0].start))
        tagging = decode(scores, self._settings.bonus)
        found, tagged = candidates(text, tagging)
        pairs = propose(text, found)
        related = self._runtime.relate(states, pairs) if len(pairs.pairs) else np.zeros(0, dtype=np.float32)
        relations = RelationProbabilities(pairs, related)
        evidence = Evidence(text, tagging, found, tagged, relations)
        quotations, entities = resolve(evidence, attribute(evidence))
        document = Document(text=text.text, quotations=quotations, entities=entities, tokens=len(text), windows=len(parts))
        return self._calibration.apply(document)


def _batches(pieces: Sequence[tuple[int, slice]], tokens: int) -> Iterator[list[tuple[int, slice]]]:
    """Yield pieces of like length together, so that little is padded, within `tokens` padded ones."""
    batch: list[tuple[int, slice]] = []
    for piece in sorted(pieces, key=lambda piece: piece[1].start - piece[1].stop):
        longest = (batch or [piece])[0][1]
        if (len(batch) + 1) * (longest.stop - longest.start) > tokens and batch:
            yield batch
            batch = []
        batch.append(piece)
    if batch:
        yield batch


def _joined(length: int, parts: Sequence[tuple[slice, Array, Array]]) -> tuple[Array, Array]:
    """Return states and scores of a whole text, each token from the window in which it stands furthest from an edge."""
    if len(parts) == 1:
        return parts[0][1], parts[0][2]
    states = np.empty((length, parts[0][1].shape[1]), dtype=np.float32)
    scores = np.empty((length, *parts[0][2].shape[1:]), dtype=np.float32)
    begin = 0
    for index, (window, own_states, own_scores) in enumerate(parts):
        end = length if index + 1 == len(parts) else (parts[index + 1][0].start + window.stop) // 2
        inner = slice(begin - window.start, end - window.start)
        states[begin:end], scores[begin:end] = own_states[inner], own_scores[inner]
        begin = end
    return states, scores
