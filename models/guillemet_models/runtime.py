"""What computes the model's scores, and the runtime of the CPU: ONNX Runtime."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from guillemet_models.cpus import cpu_flags, usable_cpus
from guillemet_models.pairing import Pairs
from guillemet_models.weights import ENCODER, ENCODER_INT8, RELATIONS, ModelFileError

Array = NDArray[np.float32]

# The fused kernel takes several times as long as the addition and the normalization it stands for (ONNX Runtime 1.32).
_SLOWER_FUSIONS = ("SkipLayerNormFusion",)


class Runtime(Protocol):
    """Computes scores; knows nothing of texts."""

    name: str  # "onnx" or "torch"
    precision: str  # "float32", "int8" or "bfloat16"
    weights: str  # name of the file in the model folder that holds the encoder
    threads: int
    concurrency: int  # calls of `encode` at a time that make the best use of the device
    batch_tokens: int  # padded, that one run should take; a longer window is run alone

    def encode(self, ids: NDArray[np.int64], features: NDArray[np.int64], is_token: NDArray[np.bool_]) -> tuple[Array, Array]:
        """Return hidden states ``(batch, length, width)`` and tag scores ``(batch, length, layers, states)``."""
        ...

    def relate(self, states: Array, pairs: Pairs) -> Array:
        """Return the score of each pair, ``(n_pairs,)``, in a text of hidden states ``(n, width)``."""
        ...


class OnnxRuntime:
    """The graphs of a model folder on the CPU."""

    name = "onnx"
    # One window a run. On a CPU a batch gains next to nothing, padding and masks cost their full share, and int8 scales the
    # activations of a run together: a document's answer must not depend on what it was batched with.
    batch_tokens = 0

    def __init__(self, folder: Path, threads: int | None = None, precision: str | None = None) -> None:
        """Load the graphs.

        Args:
            folder: Of the model.
            threads: That will call `encode` at a time. None: the CPUs this process may use.
            precision: "float32" or "int8". None: int8 where the folder has it and the CPU is made for it, else float32.

        Raises:
            ModelFileError: A graph cannot be loaded.
        """
        if precision is None:
            precision = "int8" if (folder / ENCODER_INT8).exists() and has_int8_instructions() else "float32"
        self.precision = precision
        self.weights = ENCODER_INT8 if precision == "int8" else ENCODER
        self.threads = self.concurrency = threads or usable_cpus()
        # Where several run at a time, each in the thread that asks for it, two CPUs read half as much again as with one run on
        # both; a run that is alone comes a quarter sooner on both.
        try:
            self._encoder = _session(folder / self.weights, threads=1)
            self._lone_encoder = _session(folder / self.weights, threads=self.threads) if self.threads > 1 else self._encoder
            self._relations = _session(folder / RELATIONS, threads=1)
        except Exception as error:  # onnxruntime's own exceptions have no common base but this
            raise ModelFileError(f"{folder}: ONNX Runtime cannot load the graphs: {error}") from error
        self._running = 0
        self._lock = threading.Lock()

    def encode(self, ids: NDArray[np.int64], features: NDArray[np.int64], is_token: NDArray[np.bool_]) -> tuple[Array, Array]:
        """See `Runtime`; each row is run alone, without its padding, which comes back as zeros."""
        rows = [self._run(ids[[row], :size], features[[row], :size]) for row, size in enumerate(is_token.sum(axis=1))]
        states, scores = (_stacked(parts, ids.shape[1]) for parts in zip(*rows, strict=True))
        return states, scores

    def _run(self, ids: NDArray[np.int64], features: NDArray[np.int64]) -> tuple[Array, Array]:
        with self._lock:
            encoder = self._encoder if self._running else self._lone_encoder
            self._running += 1
        try:
            states, scores = encoder.run(None, {"ids": ids, "features": features})
        finally:
            with self._lock:
                self._running -= 1
        return states, scores

    def relate(self, states: Array, pairs: Pairs) -> Array:
        """See `Runtime`."""
        (scores,) = self._relations.run(
            None,
            {
                "states": states,
                "spans": pairs.spans,
                "kinds": pairs.kinds,
                "pairs": pairs.pairs,
                "relations": pairs.relations,
                "pair_features": pairs.features,
            },
        )
        return np.asarray(scores, dtype=np.float32)


def _session(graph: Path, *, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Texts differ in length: a plan of memory is kept for each length and serves hardly another, and what an arena keeps for
    # the longest is of little use to the rest. The allocator of the system is faster, and gives back.
    options.enable_mem_pattern = options.enable_cpu_mem_arena = False
    # A thread that waits by spinning takes the CPU from whoever answers the callers.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER_FUSIONS)


def _stacked(rows: Sequence[Array], length: int) -> Array:
    """Return ``(1, size, …)`` arrays as one of ``(len(rows), length, …)``."""
    stacked = np.zeros((len(rows), length, *rows[0].shape[2:]), dtype=np.float32)
    for row, values in enumerate(rows):
        stacked[row, : values.shape[1]] = values[0]
    return stacked


def has_int8_instructions() -> bool:
    """Tell whether the CPU multiplies int8 exactly and faster than float32: VNNI on x86, dot products on ARM.

    Elsewhere int8 gains nothing, and older x86 saturates in between (onnxruntime#14642). Known on Linux only.
    """
    return not cpu_flags().isdisjoint({"avx512_vnni", "avx_vnni", "asimddp"})
