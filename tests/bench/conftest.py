"""The double of a model that finds nothing."""

import hashlib
import threading
from collections.abc import Callable, Sequence

import pytest

from guillemet_models.document import Document
from guillemet_models.extractor import Extractor, ModelDescription


class Counter(Extractor):
    """Finds nothing, and knows how often it was asked at a time."""

    description = ModelDescription(
        name="counter", version="1.2.3", sha256=hashlib.sha256(b"").hexdigest(), runtime="onnx", precision="float32", threads=1
    )

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.free = threading.Event()
        self.free.set()

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool] | None = None) -> list[Document]:  # noqa: ARG002
        """Count."""
        assert self.free.wait(30.0)
        self.texts += texts
        return [Document(text=text, quotations=(), entities=(), tokens=1, windows=1) for text in texts]


@pytest.fixture
def reader() -> Counter:
    return Counter()
