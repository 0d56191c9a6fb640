"""Loads against a real server whose model is a double."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guillemet_bench.calls import Caller, Request
from guillemet_bench.loads import BATCH_DOCUMENTS, batches, closed, for_seconds, open_loop, stream
from guillemet_server.background import BackgroundServer, background_server
from guillemet_server.config import Limits, ServerConfig
from guillemet_server.logs import json_logger

if TYPE_CHECKING:
    from conftest import Counter


REQUESTS = [Request.of(f"texte {number} de cinq mots") for number in range(2 * BATCH_DOCUMENTS + 3)]
WORDS = sum(request.words for request in REQUESTS)


@pytest.fixture
def server(reader: "Counter", tmp_path: Path) -> Iterator[BackgroundServer]:
    config = ServerConfig(listen=f"unix:{tmp_path}/s", limits=Limits(max_queue_tokens=64, max_batch_tokens=64))
    with background_server(config, log=json_logger("error"), load=lambda: reader) as running:
        reader.texts.clear()  # the warm-up
        yield running
        reader.free.set()


def texts(requests: Sequence[Request]) -> list[str]:
    return sorted(request.text for request in requests)


async def test_a_closed_loop_sends_each_request_once(server: BackgroundServer, reader: "Counter") -> None:
    async with Caller(server.address) as caller:
        tally = await closed(caller, REQUESTS, in_flight=4)

    assert sorted(reader.texts) == texts(REQUESTS)
    assert (len(tally.answered), tally.words) == (len(REQUESTS), WORDS)
    assert tally.seconds > 0


async def test_batches_and_a_stream_send_each_request_once(tmp_path: Path, reader: "Counter") -> None:
    config = ServerConfig(listen=f"unix:{tmp_path}/s")
    with background_server(config, log=json_logger("error"), load=lambda: reader) as running:
        for load in (batches, stream):
            reader.texts.clear()
            async with Caller(running.address) as caller:
                tally = await load(caller, REQUESTS)

            assert sorted(reader.texts) == texts(REQUESTS)
            assert tally.words == WORDS


async def test_refusals_are_counted_and_not_tried_again(server: BackgroundServer, reader: "Counter") -> None:
    reader.free.clear()
    async with Caller(server.address) as caller:
        loading = asyncio.create_task(closed(caller, REQUESTS, in_flight=len(REQUESTS)))
        # Of what the queue has no room for all is refused while nothing is read.
        async with asyncio.timeout(30.0):
            while server.server.scheduler.queued_tokens < 60:  # noqa: ASYNC110 (the scheduler tells nobody)
                await asyncio.sleep(0.001)
            await caller.model()
        reader.free.set()
        tally = await loading

    assert len(tally.refused) > 0
    assert len(tally.answered) == len(reader.texts)
    assert tally.requests == len(REQUESTS)
    assert not tally.others


async def test_an_open_loop_does_not_wait_for_answers(server: BackgroundServer, reader: "Counter") -> None:
    reader.free.clear()
    async with Caller(server.address) as caller:
        loading = asyncio.create_task(open_loop(caller, REQUESTS, per_second=200.0, seconds=0.4, warm_up_seconds=0.0, seed=1))
        async with asyncio.timeout(30.0):
            while not server.server.scheduler.queued_tokens:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.5)
        reader.free.set()
        tally = await loading

    # Sent at their times, all but the first came while it was being read.
    assert len(tally.answered) > 1
    # The wait of those that came last is counted too; what is answered when the time is over is no goodput.
    assert tally.answered.percentile_ms(0) > 50
    assert tally.words == 0


async def test_a_loop_of_some_seconds_begins_again_with_the_first_request() -> None:
    few = list(for_seconds(REQUESTS[:2], 0.01))

    assert len(few) > 2
    assert few[0] is few[2]
