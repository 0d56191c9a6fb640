"""A real server that reads a number of texts and then no more: `python stalling_server.py ADDRESS NUMBER`.

Its model is a double, which finds « … ».
"""

import hashlib
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence

from guillemet_models.document import Document, Quotation, QuotationType, Span
from guillemet_models.extractor import Extractor, ModelDescription
from guillemet_server.background import background_server
from guillemet_server.config import Limits, ServerConfig
from guillemet_server.logs import json_logger


class StallingReader(Extractor):
    """Finds « … » in the first texts it is given."""

    description = ModelDescription(
        name="regex", version="1.0.0", sha256=hashlib.sha256(b"").hexdigest(), runtime="onnx", precision="float32", threads=1
    )

    def __init__(self, n_texts: int) -> None:
        self._n_left = n_texts

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool] | None = None) -> list[Document]:  # noqa: ARG002
        """Read, or wait for ever."""
        self._n_left -= len(texts)
        if self._n_left < 0:
            threading.Event().wait()
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> Document:
        quotations = [
            Quotation(
                id=f"q{number}",
                type=QuotationType.DIRECT,
                spans=(Span(match.start(), match.end()),),
                cue=None,
                source=None,
                speaker=None,
                probability=0.8,
                source_probability=0.7,
                speaker_probability=0.6,
            )
            for number, match in enumerate(re.finditer("«[^»]*»", text), start=1)
        ]
        return Document(text=text, quotations=tuple(quotations), entities=(), tokens=len(text.split()), windows=1)


def main() -> None:
    """Serve until somebody kills it; say when it is ready."""
    address, n_texts = sys.argv[1], int(sys.argv[2])
    # Batches of few texts, so that it stalls between two of them.
    config = ServerConfig(listen=address, limits=Limits(max_batch_tokens=64), drain_seconds=0.0)
    with background_server(config, log=json_logger("error"), load=lambda: StallingReader(n_texts)):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
