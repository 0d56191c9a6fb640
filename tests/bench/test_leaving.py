"""Callers who come too late, at a real server whose model is a double."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guillemet_bench.calls import Request
from guillemet_bench.leaving import deadline_storm
from guillemet_server.background import BackgroundServer, background_server
from guillemet_server.config import ServerConfig
from guillemet_server.logs import json_logger

if TYPE_CHECKING:
    from conftest import Counter


class Clocked:
    """A server by whose clock each text takes a second."""

    def __init__(self, running: BackgroundServer, reader: "Counter") -> None:
        self.address = running.address
        self.metrics_address = running.server.metrics_address
        self.looked: list[int] = []
        self._reader = reader

    @property
    def cpu_seconds(self) -> int:
        """Spent since the start."""
        self.looked.append(len(self._reader.texts))
        return self.looked[-1]


@pytest.fixture
def server(reader: "Counter", tmp_path: Path) -> Iterator[Clocked]:
    config = ServerConfig(listen=f"unix:{tmp_path}/s", metrics_listen="127.0.0.1:0")
    with background_server(config, log=json_logger("error"), load=lambda: reader) as running:
        yield Clocked(running, reader)


async def test_what_a_storm_takes_is_compared_with_what_was_answered_and_without_the_patient_caller(server: Clocked) -> None:
    refused = Request.of(" ")
    requests = [Request.of("Il pleut."), *[refused] * 9]

    storm = await deadline_storm(server, requests, number=50)

    first, answered, before, after = server.looked
    assert answered - first == 1
    assert storm.cpu_share == (after - before) / 50
    assert server.cpu_seconds >= after + 1, "the patient caller was read after the last look"
    assert storm.ms_until_next_answer < float("inf")
