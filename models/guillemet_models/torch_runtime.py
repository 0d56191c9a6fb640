"""The runtime of training and of GPUs: the trained model as it is."""

import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from guillemet_models.model import QuotationModel
from guillemet_models.pairing import Pairs
from guillemet_models.runtime import Array
from guillemet_models.tokenization import FEATURE_SIZES

_Encode = Callable[..., tuple[Tensor, Tensor]]


class TorchRuntime:
    """A `QuotationModel` behind the interface of `Runtime`."""

    name = "torch"
    weights = "model.safetensors"
    batch_tokens = 16384

    def __init__(self, model: QuotationModel, *, compiled: bool | None = None) -> None:
        """Take over `model`, on the device it is on.

        Args:
            model: Trained.
            compiled: Whether to compile it, which needs a C compiler at hand. None: on a GPU.
        """
        self._model = model.eval()
        self._device = next(model.parameters()).device
        # On a GPU bfloat16 is what it is fast at; on a CPU the numbers are those of float32, as ONNX Runtime's.
        self._on_gpu = self._device.type == "cuda"
        self.precision = "bfloat16" if self._on_gpu else "float32"
        self.threads = torch.get_num_threads()
        # While a GPU computes for one thread, another decodes what it computed before, or brings what comes next.
        self.concurrency = 2 if self._on_gpu else 1
        self._streams = threading.local()
        self._encode: _Encode = self._model
        if self._on_gpu if compiled is None else compiled:
            self._compile()

    @classmethod
    def load(cls, folder: Path, threads: int | None = None) -> "TorchRuntime":
        """Load what training saved, onto the GPU if there is one.

        Args:
            folder: Written by training, or by an export for torch.
            threads: Of the CPU, for the whole process. None: as torch chooses.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        return cls(QuotationModel.load(folder).to("cuda" if torch.cuda.is_available() else "cpu"))

    def encode(self, ids: NDArray[np.int64], features: NDArray[np.int64], is_token: NDArray[np.bool_]) -> tuple[Array, Array]:
        """See `Runtime`."""
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._on_gpu), self._stream():
            states, scores = self._encode(self._on_device(ids), self._on_device(features), self._on_device(is_token))
            return states.float().cpu().numpy(), scores.float().cpu().numpy()

    def relate(self, states: Array, pairs: Pairs) -> Array:
        """See `Runtime`."""
        values = (states, pairs.spans, pairs.kinds, pairs.pairs, pairs.relations, pairs.features)
        with torch.inference_mode(), self._stream():
            scores: Array = self._model.relations(*(self._on_device(value) for value in values)).float().cpu().numpy()
        return scores

    def _compile(self) -> None:
        """Compile the encoder, for texts alone and for several of any length; leave it as it is where that cannot be done."""
        self._encode = torch.compile(self._model, dynamic=True)
        try:
            for batch in (1, 2):
                ids = np.zeros((batch, 8 * batch), dtype=np.int64)
                features = np.zeros((*ids.shape, len(FEATURE_SIZES)), dtype=np.int64)
                self.encode(ids, features, np.ones(ids.shape, dtype=bool))
        except Exception as error:  # noqa: BLE001 (those of torch's compilers have no common base)
            warnings.warn(f"torch cannot compile the model, which is run as it is, and slower: {error}", stacklevel=2)
            self._encode = self._model

    def _stream(self) -> AbstractContextManager[object]:
        """Return what keeps the work of this thread apart from that of others on a GPU."""
        if not self._on_gpu:
            return nullcontext()
        if not hasattr(self._streams, "own"):
            self._streams.own = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        stream: AbstractContextManager[object] = torch.cuda.stream(self._streams.own)
        return stream

    def _on_device(self, values: NDArray[np.generic]) -> Tensor:
        tensor = torch.from_numpy(values)
        return tensor.pin_memory().to(self._device, non_blocking=True) if self._on_gpu else tensor
