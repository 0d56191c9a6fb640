"""The limit: the model alone in this process, on the same texts with the same settings, without any RPC."""

import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from guillemet_bench.calls import Request
from guillemet_models.extractor import Extractor

_WARM_UP = 3


class RawModel:
    """The model as the server runs it: read by as many threads at a time as keep it busy."""

    def __init__(self, extractor: Extractor, requests: Sequence[Request]) -> None:
        """Read a few texts, so that what the first ones allocate is there.

        Args:
            extractor: With the server's settings.
            requests: Some of those to come.
        """
        self.extractor = extractor
        self.words_per_s(requests[:_WARM_UP])

    def words_per_s(self, requests: Sequence[Request]) -> float:
        """Read each text once, as fast as can be."""
        texts: SimpleQueue[str] = SimpleQueue()
        for request in requests:
            texts.put(request.text)

        def read() -> None:
            while True:
                try:
                    text = texts.get_nowait()
                except Empty:
                    return
                self.extractor.extract([text])

        threads = [threading.Thread(target=read) for _ in range(self.extractor.description.concurrency)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(request.words for request in requests) / (time.monotonic() - began)

    def seconds(self, request: Request) -> float:
        """Read one text."""
        began = time.monotonic()
        self.extractor.extract([request.text])
        return time.monotonic() - began
