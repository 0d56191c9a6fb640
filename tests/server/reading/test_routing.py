"""Who reads what: a server's own threads, held by the double of its model, or the processes beside them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pytest

from guillemet_models.extractor import Extractor
from guillemet_models.weights import ModelSettings
from guillemet_server.batching import Scheduler
from guillemet_server.config import Limits
from guillemet_server.errors import Refusal
from guillemet_server.inference import Inference
from guillemet_server.logs import json_logger
from guillemet_server.reading.process import ReaderProcess

if TYPE_CHECKING:
    from conftest import RegexReader

WAIT = 60.0
TEXT = "« Nous serons prêts », a déclaré mardi Élisabeth Borne, ministre du Travail."

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[tuple[Scheduler, Inference]]]


@pytest.fixture(scope="module")
def embedded() -> ModelSettings:
    return Extractor.load().settings


@pytest.fixture
def running(reader: "RegexReader", embedded: ModelSettings, monkeypatch: pytest.MonkeyPatch) -> Running:
    """Run a scheduler of the double, with processes of the embedded model: an answer shows who gave it."""

    @asynccontextmanager
    async def run(*, threads: int = 2, after_seconds: float = 0.0) -> AsyncIterator[tuple[Scheduler, Inference]]:
        monkeypatch.setattr(reader, "description", replace(reader.description, concurrency=threads, batch_tokens=0))
        log = json_logger("critical")
        inference = Inference(lambda: reader, lambda _: ReaderProcess(None, embedded, after_seconds=after_seconds, log=log))
        await inference.load()
        scheduler = Scheduler(inference, Limits(), log=log)
        scheduler.start()
        try:
            async with asyncio.timeout(WAIT):
                yield scheduler, inference
        finally:
            reader.release()
            scheduler.close()
            inference.close()

    return run


async def test_a_text_beside_another_is_read_in_a_process(running: Running, reader: "RegexReader") -> None:
    async with running() as (scheduler, inference):
        reader.hold()
        alone = asyncio.create_task(scheduler.read(["« Oui »"], caller=0, seconds=None))
        await reader.begun()
        [beside] = await scheduler.read([TEXT], caller=1, seconds=None)

        assert not alone.done()
        assert beside.document.tokens > len(TEXT.split()), "the double has a token a word"
        assert inference.in_work
        reader.release()
        assert len((await alone)[0].document.quotations) == 1
    assert all(it.pid is None or not _lives(it.pid) for it in inference.readers)


async def test_processes_are_there_when_the_model_is_loaded(running: Running) -> None:
    async with running() as (_, inference):
        assert all(it.is_ready for it in inference.readers)
        assert len({it.pid for it in inference.readers}) == 2


async def test_a_process_that_is_to_begin_later_does_when_its_thread_read_beside_others(
    running: Running, reader: "RegexReader"
) -> None:
    async with running(after_seconds=1e-6) as (scheduler, inference):
        for number in range(4):
            await scheduler.read([f"« Oui » {number}"], caller=0, seconds=None)
        assert all(it.pid is None for it in inference.readers), "all texts were alone"

        reader.hold()
        both = [asyncio.create_task(scheduler.read(["« Oui » 4"], caller=4, seconds=None))]
        await reader.begun()
        both.append(asyncio.create_task(scheduler.read(["« Oui » 5"], caller=5, seconds=None)))
        await reader.begun()
        reader.release()
        await asyncio.gather(*both)

        for it in inference.readers:
            await asyncio.to_thread(it.wait)
        assert [it.is_ready for it in inference.readers].count(True) == 1, "of the text that came second"


async def test_one_thread_has_no_process(running: Running) -> None:
    async with running(threads=1) as (_, inference):
        assert inference.readers == []


async def test_what_fails_in_a_process_is_read_once_more_where_it_can_be_traced(
    running: Running, reader: "RegexReader", monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running() as (scheduler, inference):
        asked = []
        for process in inference.readers:
            extract = process.extract

            def failing(texts: list[str], extract: Callable[..., object] = extract, **options: object) -> object:
                asked.append(texts)
                return extract([7], **options)

            monkeypatch.setattr(process, "extract", failing)
        reader.hold()
        alone = asyncio.create_task(scheduler.read(["« Oui »"], caller=0, seconds=None))
        await reader.begun()
        beside = asyncio.create_task(scheduler.read(["mot mot mot"], caller=1, seconds=None))
        await reader.begun()
        reader.release()
        await alone

        assert (await beside)[0].document.tokens == 3, "the double's"
        assert asked == [["mot mot mot"]]


async def test_a_text_that_processes_die_with_fails_alone(
    running: Running, reader: "RegexReader", monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running() as (scheduler, inference):
        for process in inference.readers:
            monkeypatch.setattr(process, "extract", _killing(process))
        reader.hold()
        alone = asyncio.create_task(scheduler.read(["« Oui »"], caller=0, seconds=None))
        await reader.begun()
        [beside] = await scheduler.read([TEXT], caller=1, seconds=None)
        [after] = await scheduler.read([TEXT + " "], caller=1, seconds=None)

        assert isinstance(beside, Refusal)
        assert beside.reason == "INTERNAL"
        assert after.document.quotations
        assert sum(it.deaths for it in inference.readers) == 2
        reader.release()
        await alone


def _killing(process: ReaderProcess) -> Callable[..., object]:
    """Return its `extract`, with which it dies of one text however often it is tried, and of no other."""
    extract = process.extract

    def killed(texts: list[str], *, interrupted: Callable[[], bool]) -> object:
        def dying() -> bool:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            return interrupted()

        return extract(texts, interrupted=dying if texts == [TEXT] else interrupted)

    return killed


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
