"""``guillemet batch`` in an empty folder, asking the canned server."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from guillemet_client import cli


class Outcome(NamedTuple):
    """What the command left."""

    code: int
    out: str
    err: str


Batch = Callable[..., Outcome]


@pytest.fixture
def batch(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Outcome]:
    """Run the command; the server is the canned one unless another is named."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: bytes = b"") -> Outcome:
        server = () if "--server" in arguments else ("--server", address)
        monkeypatch.setattr(sys, "argv", ["guillemet", "batch", *arguments, *server])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else 0, out, err)

    return run


@pytest.fixture
def read() -> Callable[[str], list[dict[str, Any]]]:
    """Read a file of JSON lines."""
    return lambda path: [json.loads(line) for line in Path(path).read_bytes().splitlines()]


@pytest.fixture
def texts(read: Callable[[str], list[dict[str, Any]]]) -> Callable[[str], dict[str, str]]:
    """Read the texts of an output, by their ids, in order."""
    return lambda path: {document["id"]: document["text"] for document in read(path)}
