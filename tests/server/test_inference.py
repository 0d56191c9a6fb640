"""The threads that read."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from guillemet_models.document import Document
from guillemet_models.extractor import PreparedText
from guillemet_server.batching import Scheduler
from guillemet_server.config import Limits
from guillemet_server.inference import Inference
from guillemet_server.logs import json_logger

if TYPE_CHECKING:
    from conftest import RegexReader

WAIT = 30.0


@pytest.mark.skipif(sys.platform != "linux", reason="only there each thread has a niceness")
@pytest.mark.parametrize("given", [5, 15])
def test_who_reads_gives_way_and_takes_nothing_back_of_what_the_process_gave(
    given: int, reader: "RegexReader", monkeypatch: pytest.MonkeyPatch
) -> None:
    given = max(given, niceness())  # nobody without privileges could take less
    seen: list[int] = []
    extract, prepare = reader.extract, reader.prepare

    def noting(texts: Sequence[str], **options: object) -> list[Document]:
        seen.append(niceness())
        return extract(texts, **options)

    def noting_too(text: str) -> PreparedText:
        seen.append(niceness())
        return prepare(text)

    async def read() -> None:
        inference = Inference(lambda: reader)
        await inference.load()
        scheduler = Scheduler(inference, Limits(), log=json_logger("error"))
        monkeypatch.setattr(reader, "extract", noting)
        monkeypatch.setattr(reader, "prepare", noting_too)
        scheduler.start()
        async with asyncio.timeout(WAIT):
            await scheduler.read(["mot"], caller=0, seconds=None)
            await inference.prepare("mot")
        scheduler.close()
        inference.close()

    def nicely() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), given)  # threads inherit it
        asyncio.run(read())

    process = threading.Thread(target=nicely)
    process.start()
    process.join()

    assert seen == [max(10, given)] * 2


def niceness() -> int:
    """Return that of this thread."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


async def test_a_long_article_does_not_wait_behind_a_book(reader: "RegexReader", monkeypatch: pytest.MonkeyPatch) -> None:
    inference = Inference(lambda: reader)
    await inference.load()
    prepare, begun, free = reader.prepare, threading.Event(), threading.Event()

    def held(text: str) -> PreparedText:
        if len(text) > 100_000:
            begun.set()
            assert free.wait(WAIT)
        return prepare(text)

    monkeypatch.setattr(reader, "prepare", held)
    book = asyncio.ensure_future(inference.prepare("mot " * 30_000))
    await asyncio.to_thread(begun.wait, WAIT)
    async with asyncio.timeout(WAIT):
        article = await inference.prepare("mot " * 3_000)
    free.set()

    assert (len(article.windows), len((await book).windows)) == (3, 30)
    inference.close()


async def test_the_decoding_of_a_long_text_is_timed_from_its_own_turn(
    reader: "RegexReader", monkeypatch: pytest.MonkeyPatch
) -> None:
    inference = Inference(lambda: reader)
    await inference.load()
    texts = [inference.extractor.prepare(text) for text in ("un", "deux")]
    encoded = [inference.extractor.encode([(text, window) for window in text.windows]) for text in texts]
    finish, begun, free = reader.finish, threading.Event(), threading.Event()

    def held(*arguments: object) -> Document:
        begun.set()
        assert free.wait(WAIT)
        return finish(*arguments)

    monkeypatch.setattr(reader, "finish", held)
    turns = [asyncio.ensure_future(inference.finish(*it)) for it in zip(texts, encoded, strict=True)]
    await asyncio.to_thread(begun.wait, WAIT)
    freed = time.monotonic()
    free.set()
    first, second = await asyncio.gather(*turns)
    inference.close()

    assert first.started < freed <= first.started + first.seconds <= second.started
    assert (first.found.text, second.found.text) == ("un", "deux")
