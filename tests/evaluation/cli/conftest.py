"""``guillemet evaluate`` in an empty folder, with a real server; of the model there is a double."""

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from guillemet_client.cli import application
from guillemet_evaluation import Document
from guillemet_models import document as found
from guillemet_models.extractor import Extractor, ModelDescription
from guillemet_server.background import background_server
from guillemet_server.config import Limits, ServerConfig
from guillemet_server.logs import json_logger

Evaluate = Callable[..., Result]
Write = Callable[[str, Sequence[Document]], str]


class MarkReader(Extractor):
    """Finds « … », and nobody who says it."""

    description = ModelDescription(
        name="marks", version="1.2.3", sha256=hashlib.sha256(b"").hexdigest(), runtime="onnx", precision="float32", threads=1
    )

    def __init__(self) -> None:
        """Load nothing."""

    def count_tokens(self, text: str) -> int:
        """Count the words."""
        return len(text.split())

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool] | None = None) -> list[found.Document]:  # noqa: ARG002
        """Read."""
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> found.Document:
        quotations = (
            found.Quotation(
                id=f"q{number}",
                type=found.QuotationType.DIRECT,
                spans=(found.Span(*match.span()),),
                cue=None,
                source=None,
                speaker=None,
                probability=0.8,
                source_probability=0.123456,
                speaker_probability=0.6,
            )
            for number, match in enumerate(re.finditer(r"«[^»]*»", text), 1)
        )
        return found.Document(text=text, quotations=tuple(quotations), entities=(), tokens=self.count_tokens(text), windows=1)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Return the address of a server that takes documents of a thousand characters."""
    config = ServerConfig(listen="127.0.0.1:0", limits=Limits(max_document_characters=1000))
    with background_server(config, log=json_logger("info", io.StringIO()), load=MarkReader) as running:
        yield running.address


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    app = application()

    def run(*arguments: object) -> Result:
        done = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    return run


@pytest.fixture
def write() -> Write:
    """Write documents to a file of the folder, a line each."""

    def write(name: str, documents: Sequence[Document]) -> str:
        lines = (json.dumps(document.to_json(), ensure_ascii=False) for document in documents)
        Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return name

    return write


@pytest.fixture
def gold(run: Evaluate, write: Write, port: Document) -> list[Document]:  # noqa: ARG001 (which changes the folder)
    documents = [replace(port, id=f"d{number}") for number in range(4)]
    write("gold.jsonl", documents)
    return documents
