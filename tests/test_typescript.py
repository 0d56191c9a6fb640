"""The example in TypeScript says the same as the Python client. Built by `make typescript`; skipped where it is not."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from guillemet_client import Client, Document
from guillemet_server.background import background_server
from guillemet_server.config import ServerConfig
from guillemet_server.logs import json_logger

EXAMPLES = Path(__file__).parents[1] / "examples"
PROGRAM = EXAMPLES / "typescript" / "dist" / "quotations.js"
WAIT = 300.0

# Characters of two 16-bit units before every quotation: other offsets than UTF-16 would cut other words.
STRANGE = "\ufeff🎤👩🏽‍🌾 𝄞 E\u0301t\u00e9\u202f!\r\n\r\n"

pytestmark = pytest.mark.skipif(not PROGRAM.exists() or shutil.which("node") is None, reason="`make typescript` has not run")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with background_server(ServerConfig(listen="127.0.0.1:0", drain_seconds=5.0), log=json_logger("error")) as running:
        yield running.address


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["node", str(PROGRAM), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=WAIT, check=False)


def lines(document: Document) -> list[str]:
    """Return what the example should print."""
    said = [f"{quotation.speaker.name if quotation.speaker else '?'}: {quotation.text}" for quotation in document.quotations]
    return [re.sub(r"[ \t\r\n]+", " ", line) for line in said]


@pytest.mark.parametrize("prefix", ["", STRANGE])
def test_the_same_words_and_speakers(address: str, prefix: str, tmp_path: Path) -> None:
    text = prefix + (EXAMPLES / "article.txt").read_bytes().decode()
    file = tmp_path / "article.txt"
    file.write_bytes(text.encode())
    with Client(address, timeout=WAIT) as client:
        expected = lines(client.extract(text))

    done = run(address, str(file))

    assert (done.returncode, done.stderr) == (0, "")
    assert len(expected) >= 5
    assert done.stdout.splitlines() == expected


def test_a_refusal_is_one_line(address: str, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()

    done = run(address, str(tmp_path / "empty.txt"))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("document.text: ")
    assert done.stderr.count("\n") == 1
