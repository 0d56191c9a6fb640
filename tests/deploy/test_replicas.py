"""Two servers behind one client: one is killed, then both are replaced by servers of another model, under load."""

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from guillemet_client import Client, Document, GuillemetError
from guillemet_models.weights import DESCRIPTION, embedded_folder

WAIT = 120.0
OLD, NEW = "guillemet-old", "guillemet-new"
TEXTS = 12


@dataclass
class Replica:
    """A server's process on a port that it keeps."""

    port: int
    process: "subprocess.Popen[str] | None" = None

    def start(self, model: Path) -> None:
        """Start, and return when it is ready."""
        listen = f"127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "guillemet_server", "--listen", listen, "--model", str(model), "--threads", "1"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        for line in self.process.stderr:
            if '"event": "serving"' in line:
                return
        pytest.fail(f"ended with {self.process.wait(WAIT)}")

    def end(self, how: signal.Signals) -> int:
        """Send a signal, and return what the process ended with."""
        self.process.send_signal(how)
        code = self.process.wait(WAIT)
        self.process.stderr.close()
        return code


@dataclass
class Load:
    """Callers who never stop before they are told to, and what they were answered: the number of the text, and the document."""

    address: str
    texts: list[str]
    answers: list[tuple[int, Document]] = field(default_factory=list)
    failures: list[GuillemetError] = field(default_factory=list)
    streamed: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self) -> None:
        """Let one caller ask text by text, another send batches, a third one stream."""
        self._threads = [threading.Thread(target=self._call, args=(way,)) for way in (self._unary, self._batch, self._stream)]
        for thread in self._threads:
            thread.start()

    def wait_for_more(self, count: int) -> None:
        """Return when that many more answers came."""
        enough = len(self.answers) + count
        for _ in range(int(WAIT / 0.05)):
            if len(self.answers) >= enough or self.failures:
                return
            self._stopping.wait(0.05)
        pytest.fail("no answers")

    def end(self) -> None:
        """Stop the callers; what they asked is answered."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _call(self, way: Any) -> None:
        with Client(self.address, timeout=WAIT) as client:
            try:
                way(client)
            except GuillemetError as error:
                self.failures.append(error)

    def _numbers(self) -> Iterator[int]:
        return itertools.takewhile(lambda _: not self._stopping.is_set(), itertools.cycle(range(len(self.texts))))

    def _unary(self, client: Client) -> None:
        for number in self._numbers():
            self.answers.append((number, client.extract(self.texts[number])))

    def _batch(self, client: Client) -> None:
        for number in self._numbers():
            self.answers.extend((number, document) for document in client.extract_batch([self.texts[number]] * 2))

    def _stream(self, client: Client) -> None:
        sent: list[int] = []

        def texts() -> Iterator[str]:
            for number in self._numbers():
                sent.append(number)
                yield self.texts[number]

        for place, document in enumerate(client.extract_iter(texts(), max_in_flight=4)):
            self.answers.append((sent[place], document))
            self.streamed += 1
        if self.streamed != len(sent):
            pytest.fail("the stream lost documents")


def model_named(name: str, folder: Path) -> Path:
    """Return the embedded model under another name."""
    shutil.copytree(embedded_folder(), folder / name)
    path = folder / name / DESCRIPTION
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "name": name}), encoding="utf-8")
    return folder / name


def free_ports(count: int) -> list[int]:
    """Return ports that are free, none twice."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@pytest.fixture
def replicas() -> Iterator[list[Replica]]:
    replicas = [Replica(port) for port in free_ports(2)]
    yield replicas
    for replica in replicas:
        if replica.process is not None and replica.process.poll() is None:
            replica.end(signal.SIGKILL)


def found(document: Document) -> dict[str, Any]:
    return {**document.to_json(), "id": ""}


def test_neither_a_killed_server_nor_a_new_model_loses_a_document(
    replicas: list[Replica], gold_documents: list[dict[str, Any]], tmp_path: Path
) -> None:
    old, new = (model_named(name, tmp_path) for name in (OLD, NEW))
    texts = [document["text"] for document in gold_documents[:TEXTS]]
    first, second = replicas
    for replica in replicas:
        replica.start(old)
    load = Load(f"ipv4:127.0.0.1:{first.port},127.0.0.1:{second.port}", texts)
    with Client(f"127.0.0.1:{first.port}") as client:
        expected = [found(document) for document in client.extract_batch(texts)]

    load.begin()
    try:
        load.wait_for_more(10)
        killed = first.end(signal.SIGKILL)  # in the middle of something, for the callers never pause
        load.wait_for_more(10)
        first.start(new)  # two versions, side by side
        load.wait_for_more(20)
        drained = second.end(signal.SIGTERM)
        second.start(new)
        load.wait_for_more(20)
    finally:
        load.end()

    assert (killed, drained) == (-signal.SIGKILL, 0)
    assert load.failures == []
    assert load.streamed
    assert [number for number, document in load.answers if found(document) != expected[number]] == []
    assert {document.model for _, document in load.answers} == {OLD, NEW}
    assert {document.model for _, document in load.answers[-5:]} == {NEW}
