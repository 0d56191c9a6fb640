# ruff: noqa: SLF001 (Ray alone opens and ends a replica)
"""What a replica does by itself; nothing of it needs a cluster."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from guillemet_models.extractor import Extractor
from guillemet_server.ray.replica import Replica


class Endless:
    """Answers without being asked."""

    async def StreamExtractQuotations(self, _requests: Any, context: Any) -> None:  # noqa: D102, N802
        while True:
            await context.write("an answer")


async def nothing() -> AsyncIterator[Any]:
    for _ in ():
        yield


async def test_a_caller_who_leaves_a_stream_leaves_nothing_behind(monkeypatch: Any) -> None:
    replica = Replica()
    monkeypatch.setattr(replica, "_quotations", Endless())
    replica._gate.open()
    before = asyncio.all_tasks()
    stream = replica.StreamExtractQuotations(nothing(), SimpleNamespace())
    assert await anext(stream) == "an answer"
    await asyncio.sleep(0)  # the next answer waits to be taken
    await stream.aclose()

    async with asyncio.timeout(30):
        await asyncio.gather(*asyncio.all_tasks() - before, return_exceptions=True)


async def test_a_replica_that_is_asked_twice_loads_once(monkeypatch: Any) -> None:
    loads = []

    def load(*_: Any, **__: Any) -> Extractor:
        loads.append(1)
        return embedded(threads=1)

    embedded = Extractor.load
    monkeypatch.setattr(Extractor, "load", load)
    replica = Replica()
    await asyncio.gather(replica.check_health(), replica.check_health())

    assert loads == [1]
    replica._scheduler.close()
    replica._inference.close()
