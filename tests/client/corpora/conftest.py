"""``guillemet batch`` in an empty folder, asking the canned server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Batch = Callable[..., Any]


@pytest.fixture
def batch(address: str, guillemet: Batch) -> Batch:
    """Run the command; the server is the canned one unless another is named."""

    def run(*arguments: str, stdin: bytes = b"") -> Any:
        server = () if "--server" in arguments else ("--server", address)
        return guillemet("batch", *arguments, *server, stdin=stdin)

    return run


@pytest.fixture
def read() -> Callable[[str], list[dict[str, Any]]]:
    """Read a file of JSON lines."""
    return lambda path: [json.loads(line) for line in Path(path).read_bytes().splitlines()]


@pytest.fixture
def texts(read: Callable[[str], list[dict[str, Any]]]) -> Callable[[str], dict[str, str]]:
    """Read the texts of an output, by their ids, in order."""
    return lambda path: {document["id"]: document["text"] for document in read(path)}
