"""A model of random weights, in numpy alone: fast, and far stranger than anything trained.

It marks and relates what no trained model would, so that whatever stands behind the scores meets every case.
"""

import numpy as np
from numpy.typing import NDArray

from guillemet_models.extractor import Extractor
from guillemet_models.pairing import Pairs
from guillemet_models.runtime import Array
from guillemet_models.scheme import LAYERS, MAX_STATES, OUTSIDE, Relation
from guillemet_models.tokenization import TextTokenizer
from guillemet_models.weights import ENCODER, TOKENIZER, ModelSettings, embedded_folder

# Tokens that score alike; few, so that a text repeats itself as French does.
_CLASSES = 509
_WIDTH = 8
_RULED_OUT = -1e4  # as the heads score a state that a layer lacks
_WINDOW_TOKENS = 64
_OVERLAP_TOKENS = 16


class RandomRuntime:
    """Scores that depend on a token and on those beside it.

    Args:
        seed: Of the weights.
        spread: How far scores lie apart: 0.1 makes the model doubt everything, 20 nothing.
        outside: Added to "in no span": below 0 everything is marked, above 10 next to nothing.
        kinship: Added to "related to somebody": above 10 everything is of one kin.
    """

    name = "onnx"
    precision = "float32"
    weights = ENCODER
    threads = concurrency = 1
    batch_tokens = 0

    def __init__(self, seed: int = 0, *, spread: float = 4.0, outside: float = 4.0, kinship: float = 0.0) -> None:
        self._kinship = kinship
        weights = np.random.default_rng(seed)
        self._scores = (spread * weights.standard_normal((_CLASSES, len(LAYERS), MAX_STATES))).astype(np.float32)
        self._scores[..., OUTSIDE] += outside
        for index, layer in enumerate(LAYERS):
            self._scores[:, index, layer.states :] = _RULED_OUT
        self._states = weights.standard_normal((_CLASSES, _WIDTH)).astype(np.float32)
        self._relations = weights.standard_normal((len(Relation), _WIDTH, _WIDTH)).astype(np.float32)

    def encode(self, ids: NDArray[np.int64], features: NDArray[np.int64], is_token: NDArray[np.bool_]) -> tuple[Array, Array]:
        """See `Runtime`."""
        own = (ids + features.sum(axis=-1)) % _CLASSES
        beside = (own + 7 * np.roll(own, 1, axis=-1)) % _CLASSES
        scores = self._scores[own]
        scores += 0.5 * self._scores[beside]
        states = self._states[own] * is_token[..., None]
        return states, scores

    def relate(self, states: Array, pairs: Pairs) -> Array:
        """See `Runtime`."""
        ends = states[pairs.spans[:, 0]] + states[pairs.spans[:, 1]]
        heads, tails = ends[pairs.pairs[:, 0]], ends[pairs.pairs[:, 1]]
        found: Array = np.einsum("ni,nij,nj->n", heads, self._relations[pairs.relations], tails, optimize=True)
        found += pairs.features.sum(axis=-1).astype(np.float32) % 5
        return found + self._kinship * (pairs.pairs[:, 1] > 0)


def random_extractor(seed: int = 0, **settings_of_runtime: float) -> Extractor:
    """Return an extractor of random weights that reads in short windows, with the embedded model's tokenizer.

    Args:
        seed: Of the weights.
        settings_of_runtime: See `RandomRuntime`.
    """
    settings = ModelSettings(
        name="random", version="0.0.1", sha256={}, window_tokens=_WINDOW_TOKENS, overlap_tokens=_OVERLAP_TOKENS
    )
    tokenizer = TextTokenizer(embedded_folder() / TOKENIZER)
    return Extractor(tokenizer, RandomRuntime(seed, **settings_of_runtime), settings)
