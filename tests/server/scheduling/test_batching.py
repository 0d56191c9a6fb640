"""What is read together, in whose turn, and what becomes of the rest when one text breaks the model."""

import asyncio
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc
import pytest

from guillemet_server.batching import in_effect
from guillemet_server.config import Limits
from guillemet_server.errors import Refusal

if TYPE_CHECKING:
    from conftest import RegexReader, Scheduling

WAIT = 30.0


def words(count: int, word: str = "mot") -> str:
    return " ".join([word] * count)


async def test_texts_that_wait_together_are_read_together_within_the_padded_limit(
    reader: "RegexReader", scheduling: "Scheduling"
) -> None:
    async with scheduling(max_batch_tokens=12) as scheduler:
        first = await scheduler.begun(words(1), caller=0)
        rest = asyncio.create_task(scheduler.read([words(4), words(2), words(3), words(4), words(1)], caller=1, seconds=None))
        await scheduler.until_queued(14)
        reader.release()
        readings = [*await first, *await rest]

    assert [len(batch) for batch in reader.batches] == [1, 3, 2]
    assert [reading.document.tokens for reading in readings] == [1, 4, 2, 3, 4, 1]


async def test_a_text_longer_than_a_batch_is_read_alone(scheduling: "Scheduling") -> None:
    async with scheduling(max_batch_tokens=10, max_queue_tokens=20) as scheduler:
        [reading] = await scheduler.read([words(500)], caller=0, seconds=None)

    assert reading.document.tokens == 500


async def test_callers_take_turns(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling(max_batch_tokens=2) as scheduler:
        blocker = await scheduler.begun(words(1), caller="blocker")
        many = asyncio.create_task(scheduler.read([words(2, "oui")] * 5, caller="many", seconds=None))
        await scheduler.until_queued(10)
        one = asyncio.create_task(scheduler.read([words(2, "non")], caller="one", seconds=None))
        await scheduler.until_queued(12)
        reader.release()
        await asyncio.gather(blocker, many, one)

    order = [batch[0].split()[0] for batch in reader.batches]
    assert order == ["mot", "oui", "non", "oui", "oui", "oui", "oui"]


async def test_a_full_queue_says_when_to_come_back(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling(max_batch_tokens=10, max_queue_tokens=10) as scheduler:
        scheduler.admission.pace.record(tokens=5, seconds=10.0)
        tasks = [await scheduler.begun(words(8), caller=0)]
        tasks.append(asyncio.create_task(scheduler.read([words(9)], caller=1, seconds=None)))
        await scheduler.until_queued(9)

        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(2)], caller=2, seconds=None)
        tasks.append(asyncio.create_task(scheduler.read([words(1)], caller=2, seconds=None)))
        await scheduler.until_queued(10)
        reader.release()
        await asyncio.gather(*tasks)

    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
    assert refusal.value.retry_seconds == pytest.approx(18.0)


@pytest.mark.parametrize(("waiting", "may_wait"), [(5, True), (6, False)])
async def test_what_is_larger_than_the_queue_needs_half_of_it(
    waiting: int, *, may_wait: bool, reader: "RegexReader", scheduling: "Scheduling"
) -> None:
    async with scheduling(max_batch_tokens=10, max_queue_tokens=10) as scheduler:
        blocker = await scheduler.begun(words(1), caller=0)
        others = asyncio.create_task(scheduler.read([words(waiting)], caller=1, seconds=None))
        await scheduler.until_queued(waiting)
        batch = asyncio.create_task(scheduler.read([words(4)] * 5, caller=2, seconds=None))
        await asyncio.wait({batch}, timeout=0 if may_wait else WAIT)
        reader.release()
        outcomes = await asyncio.gather(blocker, others, batch, return_exceptions=True)

    assert [isinstance(outcome, Refusal) for outcome in outcomes] == [False, False, not may_wait]


async def test_a_long_text_waits_as_many_turns_as_it_has_windows(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling(max_batch_tokens=1_000) as scheduler:
        blocker = await scheduler.begun(words(1), caller=0)
        many = asyncio.create_task(scheduler.read([words(1_000)] * 3, caller=1, seconds=None))
        await scheduler.until_queued(3_000)
        scheduler.admission.pace.record(tokens=1, seconds=0.001)  # the reading alone might be fast
        scheduler.admission.pace.record(tokens=1_000_000, seconds=1_000_000.0)
        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(3_000)], caller=2, seconds=2_000.0)
        reader.release()
        await asyncio.gather(blocker, many)

    assert refusal.value.reason == "DEADLINE_UNREACHABLE"
    assert refusal.value.retry_seconds == pytest.approx(3_000, rel=0.01)


async def test_nothing_is_computed_for_what_is_refused(
    reader: "RegexReader", scheduling: "Scheduling", monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scheduling(max_batch_tokens=10, max_queue_tokens=10) as scheduler:
        tasks = [await scheduler.begun(words(8), caller=0)]
        tasks.append(asyncio.create_task(scheduler.read([words(8)], caller=1, seconds=None)))
        await scheduler.until_queued(8)
        monkeypatch.setattr(reader, "prepare", lambda _: pytest.fail("prepared"))
        with pytest.raises(Refusal, match="wait in the queue"):
            await scheduler.read([words(2_000)], caller=2, seconds=None)
        reader.release()
        await asyncio.gather(*tasks)

    assert reader.batches == [(words(8),), (words(8),)]


async def test_the_windows_of_a_long_text_take_turns_with_the_texts_of_others(
    reader: "RegexReader", scheduling: "Scheduling"
) -> None:
    async with scheduling(max_batch_tokens=1) as scheduler:
        long = await scheduler.begun(words(5_000), caller="long")
        others = [asyncio.create_task(scheduler.read([words(10, word)], caller=word, seconds=None)) for word in ("oui", "non")]
        await scheduler.until_queued(4_000 + 20)
        reader.release()
        [[reading], [[_], [_]]] = await long, await asyncio.gather(*others)

    assert [batch[0].split()[0] for batch in reader.batches] == ["mot", "mot", "oui", "non", "mot", "mot", "mot"]
    assert (reading.document.text, reading.document.windows) == (words(5_000), 5)


async def test_a_long_text_longer_than_the_queue_is_read_and_counted_while_it_is_cut(
    reader: "RegexReader", scheduling: "Scheduling", monkeypatch: pytest.MonkeyPatch
) -> None:
    cut, cutting = threading.Event(), threading.Event()
    prepare = reader.prepare

    def held(text: str) -> object:
        cutting.set()
        assert cut.wait(WAIT)
        return prepare(text)

    monkeypatch.setattr(reader, "prepare", held)
    async with scheduling(max_batch_tokens=10, max_queue_tokens=10) as scheduler:
        long = asyncio.create_task(scheduler.read([words(3_000)], caller=0, seconds=None))
        await asyncio.to_thread(cutting.wait, WAIT)
        meanwhile = scheduler.queued_tokens
        with pytest.raises(Refusal, match="wait in the queue"):
            await scheduler.read([words(1)], caller=1, seconds=None)
        cut.set()
        [reading] = await long

    assert meanwhile == 3_000
    assert reading.document.windows == 3


async def test_long_texts_that_come_at_the_same_moment_find_each_other_in_the_queue(scheduling: "Scheduling") -> None:
    async with scheduling(max_queue_tokens=7_000) as scheduler:
        batches = [scheduler.read([words(1_500)] * 2, caller=number, seconds=None) for number in range(6)]
        outcomes = await asyncio.gather(*batches, return_exceptions=True)
        left = scheduler.queued_tokens

    refused = [outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)]
    assert refused == ["QUEUE_FULL"] * 4
    assert left == 0


async def test_a_long_text_that_breaks_the_model_does_not_break_its_neighbours(scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        long, short = await scheduler.read([words(2_000) + " poison", words(1)], caller=0, seconds=None)
        left = scheduler.queued_tokens

    assert isinstance(long, Refusal)
    assert long.reason == "INTERNAL"
    assert not isinstance(short, Refusal)
    assert left == 0


async def test_a_text_that_breaks_the_model_does_not_break_its_neighbours(scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        outcomes = await scheduler.read([words(1), "poison", words(2)], caller=0, seconds=None)

    assert [isinstance(outcome, Refusal) for outcome in outcomes] == [False, True, False]
    assert outcomes[1].reason == "INTERNAL"


async def test_windows_that_are_read_together_are_timed_once(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        began = time.monotonic()
        reading = await scheduler.begun(words(2_500), caller=0)
        await asyncio.sleep(0.05)  # so that the batch is most of what takes time
        reader.release()
        [read] = await reading

    assert [len(batch) for batch in reader.batches] == [3]
    assert read.inference_seconds <= time.monotonic() - began


async def test_what_was_done_is_counted(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        await scheduler.read([words(10), words(20), words(2_500)], caller=0, seconds=None)
        seen = scheduler.metrics.registry.get_sample_value

    assert seen("guillemet_batch_texts_sum") == 2 + 3
    assert seen("guillemet_batch_texts_count") == len(reader.batches)
    assert seen("guillemet_batch_tokens_sum") == 10 + 20 + 2_500
    assert scheduler.abandoned == 0


async def test_as_many_threads_read_as_the_model_has_use_for(reader: "RegexReader", scheduling: "Scheduling") -> None:
    reader.description = replace(reader.description, concurrency=3, batch_tokens=0)
    async with scheduling() as scheduler:
        reader.hold()
        tasks = [asyncio.create_task(scheduler.read([words(5)], caller=number, seconds=None)) for number in range(5)]
        for _ in range(3):
            await reader.begun()
        await scheduler.until_queued(10)
        reader.release()
        await asyncio.gather(*tasks)

    assert [len(batch) for batch in reader.batches] == [1] * 5


@pytest.mark.parametrize(
    ("batch_tokens", "queue_tokens", "published"),
    [(0, 10**6, 1_000), (4_000, 10**6, 4_000), (10**6, 10**6, 16_384), (4_000, 10_000, 4_000), (10**6, 10_000, 10_000)],
)
def test_the_batch_tokens_in_effect_are_what_the_runtime_has_use_for_and_the_queue_can_hold(
    reader: "RegexReader", batch_tokens: int, queue_tokens: int, published: int
) -> None:
    description = replace(reader.description, batch_tokens=batch_tokens)

    assert in_effect(Limits(max_queue_tokens=queue_tokens), description).max_batch_tokens == published
