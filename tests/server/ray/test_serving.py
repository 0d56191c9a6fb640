"""Ray Serve: the same contract, the same client, the same answers; a replica's death loses nothing."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("ray", reason="the extra ray is not installed: make ray")

from ray import serve

from guillemet_client import Client, Document, GuillemetError
from guillemet_models.extractor import Extractor
from guillemet_server.embedded import embedded_server
from guillemet_server.ray import serving

# Ray leaves sockets and processes to the end of the process.
pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).parents[3]
DEV = ROOT.parent / "shared" / "data" / "gold" / "dev.jsonl"
TEXT = "« Nous partons », a dit Zoé Li."
SECONDS = 120.0
REPLICA = "ray::ServeReplica:guillemet:Replica"


@pytest.fixture(scope="module")
def address(cluster: None, free_port: int) -> Iterator[str]:  # noqa: ARG001
    serving.start(free_port, replicas=(2, 2))
    yield f"127.0.0.1:{free_port}"
    serve.shutdown()


@pytest.fixture(scope="module")
def texts(gold_documents: list[dict[str, Any]]) -> list[str]:
    """Return the development set, which lies beside the clone; the tests' own articles where it does not."""
    lines = DEV.read_text(encoding="utf-8").splitlines() if DEV.exists() else []
    return [json.loads(line)["text"] for line in lines] or [document["text"] for document in gold_documents]


@pytest.fixture(scope="module")
def expected(texts: list[str]) -> list[dict[str, Any]]:
    """Return what the plain server answers."""
    with embedded_server() as plain, Client(plain) as client:
        return found(client.extract_batch(texts))


def found(documents: list[Document]) -> list[dict[str, Any]]:
    return [{**document.to_json(), "id": ""} for document in documents]


@pytest.mark.parametrize("method", ["extract", "extract_batch", "extract_iter"])
def test_two_replicas_answer_as_the_plain_server_does(
    address: str, texts: list[str], expected: list[dict[str, Any]], method: str
) -> None:
    with Client(address, timeout=SECONDS) as client:
        ask = getattr(client, method)
        documents = [ask(text) for text in texts] if method == "extract" else list(ask(texts))

    assert found(documents) == expected


def test_the_model_is_described(address: str) -> None:
    with Client(address, timeout=SECONDS) as client:
        assert client.get_model().sha256 == Extractor.load(threads=1).description.sha256


@pytest.mark.parametrize(("text", "reason"), [("", "TEXT_EMPTY"), ("a" * 1_000_001, "DOCUMENT_TOO_LONG")])
def test_a_refusal_carries_its_reason(address: str, text: str, reason: str) -> None:
    with Client(address, timeout=SECONDS) as client:
        with pytest.raises(GuillemetError) as refusal:
            client.extract(text)
        outcomes = list(client.extract_iter([text, TEXT], errors="return"))

    assert refusal.value.reason == reason
    assert [getattr(outcome, "reason", None) for outcome in outcomes] == [reason, None]


def test_a_killed_replica_loses_nothing(
    address: str, texts: list[str], expected: list[dict[str, Any]], processes: Callable[[str], list[int]]
) -> None:
    """One stream and one unary caller read the texts while one of the two replicas is killed."""
    first, _ = processes(REPLICA)
    answers: dict[str, list[Document]] = {}
    begun = threading.Barrier(3)

    def stream() -> None:
        with Client(address, timeout=SECONDS) as client:
            read = client.extract_iter(texts, timeout=SECONDS)
            first = next(read)
            begun.wait(SECONDS)
            answers["stream"] = [first, *read]

    def unary() -> None:
        with Client(address, timeout=SECONDS) as client:
            first = client.extract(texts[0])
            begun.wait(SECONDS)
            answers["unary"] = [first, *(client.extract(text) for text in texts[1:])]

    callers = [threading.Thread(target=caller) for caller in (stream, unary)]
    for caller in callers:
        caller.start()
    begun.wait(SECONDS)
    os.kill(first, signal.SIGKILL)
    for caller in callers:
        caller.join()

    assert {name: len(documents) for name, documents in answers.items()} == dict.fromkeys(("stream", "unary"), len(texts))
    for documents in answers.values():
        wrong = {place: document for place, document in enumerate(found(documents)) if document != expected[place]}
        assert wrong == {place: expected[place] for place in wrong}


def test_it_is_asked_for_its_health_as_a_server_is(address: str) -> None:
    import typer  # noqa: PLC0415

    from guillemet_server.cli import add_commands  # noqa: PLC0415

    app = typer.Typer()
    add_commands(app)

    assert CliRunner().invoke(app, ["health", address]).stdout == "SERVING\n"
