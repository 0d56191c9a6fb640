"""The runtime of training and of GPUs: the trained model as it is."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from guillemet_models.model import QuotationModel
from guillemet_models.pairing import Pairs
from guillemet_models.runtime import Array


class TorchRuntime:
    """A `QuotationModel` behind the interface of `Runtime`."""

    name = "torch"
    weights = "model.safetensors"
    concurrency = 1
    batch_tokens = 16384

    def __init__(self, model: QuotationModel) -> None:
        """Take over `model`, on the device it is on."""
        self._model = model.eval()
        self._device = next(model.parameters()).device
        # On a GPU bfloat16 is what it is fast at; on a CPU the numbers are those of float32, as ONNX Runtime's.
        self._on_gpu = self._device.type == "cuda"
        self.precision = "bfloat16" if self._on_gpu else "float32"
        self.threads = torch.get_num_threads()

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
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._on_gpu):
            states, scores = self._model(*(torch.from_numpy(value).to(self._device) for value in (ids, features, is_token)))
        return states.float().cpu().numpy(), scores.float().cpu().numpy()

    def relate(self, states: Array, pairs: Pairs) -> Array:
        """See `Runtime`."""
        values = (states, pairs.spans, pairs.kinds, pairs.pairs, pairs.relations, pairs.features)
        with torch.inference_mode():
            scores = self._model.relations(*(torch.from_numpy(value).to(self._device) for value in values))
        scores_on_cpu: Array = scores.float().cpu().numpy()
        return scores_on_cpu
