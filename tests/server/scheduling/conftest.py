"""A scheduler alone, without RPCs, before the double of the model."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import pytest

from guillemet_server.batching import Reading, Scheduler
from guillemet_server.config import Limits
from guillemet_server.errors import Refusal
from guillemet_server.inference import Inference
from guillemet_server.logs import json_logger
from guillemet_server.observability.metrics import Metrics

if TYPE_CHECKING:
    from conftest import RegexReader

WAIT = 30.0


class WatchedScheduler(Scheduler):
    """Says when texts have come, and keeps the model busy."""

    reader: "RegexReader"
    metrics: Metrics

    async def begun(
        self, text: str, *, caller: Hashable, seconds: float | None = None
    ) -> asyncio.Task[list[Reading | Refusal]]:
        """Return the reading of a text that the model has begun, and is held at."""
        self.reader.hold()
        reading = asyncio.create_task(self.read([text], caller=caller, seconds=seconds))
        await self.reader.begun()
        return reading

    async def until_queued(self, tokens: int) -> None:
        """Wait until that many tokens wait."""
        async with asyncio.timeout(WAIT):
            while self.queued_tokens != tokens:  # noqa: ASYNC110 (the scheduler tells nobody)
                await asyncio.sleep(0.001)


Scheduling: TypeAlias = Callable[..., AbstractAsyncContextManager[WatchedScheduler]]


@pytest.fixture
def scheduling(reader: "RegexReader") -> Scheduling:
    """Run a scheduler with some limits; what the model read while it was loaded is forgotten."""

    @asynccontextmanager
    async def run(**limits: int) -> AsyncIterator[WatchedScheduler]:
        inference = Inference(lambda: reader)
        await inference.load()
        reader.batches.clear()
        metrics = Metrics()
        scheduler = WatchedScheduler(inference, Limits(**limits), log=json_logger("error"), metrics=metrics)
        scheduler.reader, scheduler.metrics = reader, metrics
        scheduler.start()
        yield scheduler
        reader.release()
        scheduler.close()
        inference.close()

    return run
