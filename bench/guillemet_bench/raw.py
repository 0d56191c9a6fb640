"""The limit: the model alone, on the same texts with the same settings, without any RPC."""

import gc
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

from guillemet_bench.calls import Request
from guillemet_models.extractor import Extractor

_WARM_UP = 3


class RawModel:
    """The model in as many processes as the server has, which do nothing else: more than this, a machine does not read.

    What is loaded is kept from the garbage collector, as in the server.
    """

    def __init__(self, model: Path | None, threads: int | None, requests: Sequence[Request]) -> None:
        """Load it, and read a few texts, so that what the first ones allocate is there.

        Args:
            model: A model folder. None: the embedded model.
            threads: As the server's. None: as by default.
            requests: Some of those to come.

        Raises:
            ModelFileError: The folder cannot be used.
        """
        self.extractor = Extractor.load(model, threads=threads)
        gc.freeze()
        processes = self.extractor.description.concurrency
        spawning = get_context("spawn")
        loaded = spawning.Barrier(processes)
        self._reading = ProcessPoolExecutor(processes, spawning, initializer=_load, initargs=(model, loaded))
        self.words_per_s([*requests[:_WARM_UP]] * processes)
        self.seconds(requests[0])

    def words_per_s(self, requests: Sequence[Request]) -> float:
        """Read each text once, as fast as can be."""
        began = time.monotonic()
        list(self._reading.map(_read, [request.text for request in requests]))
        return sum(request.words for request in requests) / (time.monotonic() - began)

    def seconds(self, request: Request) -> float:
        """Read one text here, on all CPUs."""
        began = time.monotonic()
        self.extractor.extract([request.text])
        return time.monotonic() - began


_extractor: Extractor  # of a process that reads


def _load(model: Path | None, loaded: Barrier) -> None:
    global _extractor  # noqa: PLW0603 (a pool gives its processes nothing else to keep it in)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of Ctrl-C, which ends the benchmark and so the pool
    _extractor = Extractor.load(model, threads=1)
    gc.freeze()
    loaded.wait()  # none reads while another still loads


def _read(text: str) -> None:
    _extractor.extract([text])
