import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc
import pytest

from guillemet_server.batching import Scheduler, in_effect
from guillemet_server.config import Limits
from guillemet_server.errors import Refusal
from guillemet_server.inference import Inference
from guillemet_server.logs import json_logger

if TYPE_CHECKING:
    from conftest import RegexReader

WAIT = 30.0


def words(count: int, word: str = "mot") -> str:
    return " ".join([word] * count)


@asynccontextmanager
async def scheduling(reader: "RegexReader", **limits: int) -> AsyncIterator[Scheduler]:
    inference = Inference(lambda: reader)
    await inference.load()
    reader.batches.clear()
    scheduler = Scheduler(inference, Limits(**limits), log=json_logger("error"))
    scheduler.start()
    yield scheduler
    reader.release()
    scheduler.close()
    inference.close()


async def begun(reader: "RegexReader") -> None:
    await asyncio.to_thread(reader.wait_until_begun)


async def queued(scheduler: Scheduler, tokens: int) -> None:
    """Wait until that many tokens wait."""
    async with asyncio.timeout(WAIT):
        while scheduler.queued_tokens != tokens:  # noqa: ASYNC110 (the scheduler tells nobody)
            await asyncio.sleep(0.001)


async def test_texts_that_wait_together_are_read_together_within_the_padded_limit(reader: "RegexReader") -> None:
    async with scheduling(reader, max_batch_tokens=12) as scheduler:
        reader.hold()
        first = asyncio.create_task(scheduler.read([words(1)], caller=0, seconds=None))
        await begun(reader)
        rest = asyncio.create_task(scheduler.read([words(4), words(2), words(3), words(4), words(1)], caller=1, seconds=None))
        await queued(scheduler, 14)
        reader.release()
        readings = [*await first, *await rest]

    assert [len(batch) for batch in reader.batches] == [1, 3, 2]
    assert [reading.document.tokens for reading in readings] == [1, 4, 2, 3, 4, 1]


async def test_a_text_longer_than_a_batch_is_read_alone(reader: "RegexReader") -> None:
    async with scheduling(reader, max_batch_tokens=10, max_queue_tokens=20) as scheduler:
        [reading] = await scheduler.read([words(500)], caller=0, seconds=None)

    assert reading.document.tokens == 500


async def test_callers_take_turns(reader: "RegexReader") -> None:
    async with scheduling(reader, max_batch_tokens=2) as scheduler:
        reader.hold()
        blocker = asyncio.create_task(scheduler.read([words(1)], caller="blocker", seconds=None))
        await begun(reader)
        many = asyncio.create_task(scheduler.read([words(2, "oui")] * 5, caller="many", seconds=None))
        await queued(scheduler, 10)
        one = asyncio.create_task(scheduler.read([words(2, "non")], caller="one", seconds=None))
        await queued(scheduler, 12)
        reader.release()
        await asyncio.gather(blocker, many, one)

    order = [batch[0].split()[0] for batch in reader.batches]
    assert order == ["mot", "oui", "non", "oui", "oui", "oui", "oui"]


async def test_a_full_queue_says_when_to_come_back(reader: "RegexReader") -> None:
    async with scheduling(reader, max_batch_tokens=10, max_queue_tokens=10) as scheduler:
        reader.hold()
        scheduler.admission.pace.record(tokens=5, seconds=10.0)
        tasks = [asyncio.create_task(scheduler.read([words(8)], caller=0, seconds=None))]
        await begun(reader)
        tasks.append(asyncio.create_task(scheduler.read([words(9)], caller=1, seconds=None)))
        await queued(scheduler, 9)

        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(2)], caller=2, seconds=None)
        tasks.append(asyncio.create_task(scheduler.read([words(1)], caller=2, seconds=None)))
        await queued(scheduler, 10)
        reader.release()
        await asyncio.gather(*tasks)

    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
    assert refusal.value.retry_seconds == pytest.approx(18.0)


async def test_nothing_is_computed_for_what_is_refused(reader: "RegexReader", monkeypatch: pytest.MonkeyPatch) -> None:
    async with scheduling(reader, max_batch_tokens=10, max_queue_tokens=10) as scheduler:
        reader.hold()
        tasks = [asyncio.create_task(scheduler.read([words(8)], caller=0, seconds=None))]
        await begun(reader)
        tasks.append(asyncio.create_task(scheduler.read([words(8)], caller=1, seconds=None)))
        await queued(scheduler, 8)
        monkeypatch.setattr(reader, "prepare", lambda _: pytest.fail("prepared"))
        with pytest.raises(Refusal, match="wait in the queue"):
            await scheduler.read([words(2_000)], caller=2, seconds=None)
        reader.release()
        await asyncio.gather(*tasks)

    assert reader.batches == [(words(8),), (words(8),)]


async def test_the_windows_of_a_long_text_take_turns_with_the_texts_of_others(reader: "RegexReader") -> None:
    async with scheduling(reader, max_batch_tokens=1) as scheduler:
        reader.hold()
        long = asyncio.create_task(scheduler.read([words(5_000)], caller="long", seconds=None))
        await begun(reader)
        others = [asyncio.create_task(scheduler.read([words(10, word)], caller=word, seconds=None)) for word in ("oui", "non")]
        await queued(scheduler, 4_000 + 20)
        reader.release()
        [[reading], [[_], [_]]] = await long, await asyncio.gather(*others)

    assert [batch[0].split()[0] for batch in reader.batches] == ["mot", "mot", "oui", "non", "mot", "mot", "mot"]
    assert (reading.document.text, reading.document.windows) == (words(5_000), 5)


async def test_a_long_text_that_nobody_waits_for_is_read_no_further(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        leaving = asyncio.create_task(scheduler.read([words(5_000)], caller=0, seconds=None))
        await begun(reader)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        left = scheduler.queued_tokens
        reader.release()
        await scheduler.read([words(1)], caller=1, seconds=None)

    assert left == 0
    assert [len(batch[0].split()) for batch in reader.batches] == [1_000, 1]
    assert reader.finished == 0


async def test_a_deadline_between_windows_ends_the_reading(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        late = asyncio.create_task(scheduler.read([words(5_000)], caller=0, seconds=1.0))
        await begun(reader)
        with pytest.raises(Refusal) as refusal:
            await late
        reader.release()
        await scheduler.read([words(1)], caller=1, seconds=None)

    assert refusal.value.reason == "DEADLINE_EXCEEDED"
    assert [len(batch[0].split()) for batch in reader.batches] == [1_000, 1]
    assert reader.finished == 0


async def test_a_long_text_longer_than_the_queue_is_read_and_counted_while_it_is_cut(
    reader: "RegexReader", monkeypatch: pytest.MonkeyPatch
) -> None:
    cut, cutting = threading.Event(), threading.Event()
    prepare = reader.prepare

    def held(text: str) -> object:
        cutting.set()
        assert cut.wait(WAIT)
        return prepare(text)

    monkeypatch.setattr(reader, "prepare", held)
    async with scheduling(reader, max_batch_tokens=10, max_queue_tokens=10) as scheduler:
        long = asyncio.create_task(scheduler.read([words(3_000)], caller=0, seconds=None))
        await asyncio.to_thread(cutting.wait, WAIT)
        meanwhile = scheduler.queued_tokens
        with pytest.raises(Refusal, match="wait in the queue"):
            await scheduler.read([words(1)], caller=1, seconds=None)
        cut.set()
        [reading] = await long

    assert meanwhile == 3_000
    assert reading.document.windows == 3


async def test_long_texts_that_come_at_the_same_moment_find_each_other_in_the_queue(reader: "RegexReader") -> None:
    async with scheduling(reader, max_queue_tokens=7_000) as scheduler:
        batches = [scheduler.read([words(1_500)] * 2, caller=number, seconds=None) for number in range(6)]
        outcomes = await asyncio.gather(*batches, return_exceptions=True)
        left = scheduler.queued_tokens

    refused = [outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)]
    assert refused == ["QUEUE_FULL"] * 4
    assert left == 0


async def test_a_long_text_that_breaks_the_model_does_not_break_its_neighbours(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        long, short = await scheduler.read([words(2_000) + " poison", words(1)], caller=0, seconds=None)
        left = scheduler.queued_tokens

    assert isinstance(long, Refusal)
    assert long.reason == "INTERNAL"
    assert not isinstance(short, Refusal)
    assert left == 0


async def test_a_deadline_that_has_passed_is_refused_at_once(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(1)], caller=0, seconds=0.0)

    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    assert reader.batches == []


async def test_a_deadline_fires_in_the_queue_while_the_model_is_busy(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        blocker = asyncio.create_task(scheduler.read([words(1)], caller=0, seconds=None))
        await begun(reader)
        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(5)], caller=1, seconds=0.05)
        left = scheduler.queued_tokens
        reader.release()
        await blocker

    assert refusal.value.reason == "DEADLINE_EXCEEDED"
    assert left == 0
    assert reader.batches == [(words(1),)]


async def test_a_deadline_interrupts_inference_between_windows(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        late = asyncio.create_task(scheduler.read([words(5)], caller=0, seconds=1.0))
        await begun(reader)
        with pytest.raises(Refusal) as refusal:
            await late
        # Still held: only the interruption can have ended it.
        second = asyncio.create_task(scheduler.read([words(1)], caller=1, seconds=None))
        await begun(reader)
        reader.release()
        await second

    assert refusal.value.reason == "DEADLINE_EXCEEDED"
    assert reader.interrupted == 1


async def test_a_deadline_out_of_reach_is_refused_before_the_work_begins(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        blocker = asyncio.create_task(scheduler.read([words(10)], caller=0, seconds=None))
        await begun(reader)
        waiting = asyncio.create_task(scheduler.read([words(10)], caller=1, seconds=None))
        await queued(scheduler, 10)
        scheduler.admission.pace.record(tokens=1, seconds=100.0)
        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(1)], caller=2, seconds=20.0)
        reader.release()
        await asyncio.gather(blocker, waiting)

    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "DEADLINE_UNREACHABLE")


async def test_an_idle_server_tries_however_slow_it_was(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        scheduler.admission.pace.record(tokens=1, seconds=1_000.0)

        assert await scheduler.read([words(100)], caller=0, seconds=WAIT)


async def test_a_storm_of_deadlines_is_refused_with_one_try_and_leaves_nothing_behind(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        scheduler.admission.pace.record(tokens=1, seconds=1.0)
        outcomes = await asyncio.gather(
            *(scheduler.read([words(100)], caller=number, seconds=20.0) for number in range(200)), return_exceptions=True
        )
        left = scheduler.queued_tokens

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert {refusal.reason for refusal in refused} == {"DEADLINE_UNREACHABLE"}
    assert len(refused) == 199
    assert len(reader.batches) == 1
    assert left == 0


async def test_deadlines_that_pass_in_the_queue_cost_no_inference(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        blocker = asyncio.create_task(scheduler.read([words(1)], caller="blocker", seconds=None))
        await begun(reader)
        storm = [scheduler.read([words(10)], caller=number, seconds=0.05) for number in range(100)]
        outcomes = await asyncio.gather(*storm, return_exceptions=True)
        left, abandoned = scheduler.queued_tokens, scheduler.counts.abandoned
        reader.release()
        await blocker

    assert {outcome.reason for outcome in outcomes} == {"DEADLINE_EXCEEDED"}
    assert (left, abandoned) == (0, 100)
    assert reader.batches == [(words(1),)]


async def test_a_refusal_for_the_deadline_says_when_the_wait_will_be_over(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        tasks = [asyncio.create_task(scheduler.read([words(1)], caller=0, seconds=None))]
        await begun(reader)
        tasks.append(asyncio.create_task(scheduler.read([words(10)], caller=1, seconds=None)))
        await queued(scheduler, 10)
        scheduler.admission.pace.record(tokens=100_000_000, seconds=400_000_000.0)
        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(1)], caller=2, seconds=5.0)
        reader.release()
        await asyncio.gather(*tasks)

    # Turns are taken: of the two that are ahead the one in work has hardly begun.
    assert refusal.value.retry_seconds == pytest.approx(44.0, rel=0.05)


async def test_a_cancelled_caller_leaves_the_queue_at_once(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        blocker = asyncio.create_task(scheduler.read([words(1)], caller=0, seconds=None))
        await begun(reader)
        leaving = asyncio.create_task(scheduler.read([words(5)], caller=1, seconds=None))
        await queued(scheduler, 5)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        left = scheduler.queued_tokens
        reader.release()
        await blocker

    assert left == 0
    assert reader.batches == [(words(1),)]


async def test_one_that_leaves_a_batch_in_work_does_not_interrupt_the_other(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        blocker = asyncio.create_task(scheduler.read([words(1)], caller=0, seconds=None))
        await begun(reader)
        leaving = asyncio.create_task(scheduler.read([words(1)], caller=1, seconds=None))
        staying = asyncio.create_task(scheduler.read([words(1)], caller=2, seconds=None))
        await queued(scheduler, 2)
        blocker.cancel()
        await begun(reader)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        reader.release()

        assert len(await staying) == 1
    assert [len(batch) for batch in reader.batches] == [1, 2]


async def test_a_text_that_breaks_the_model_does_not_break_its_neighbours(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        outcomes = await scheduler.read([words(1), "poison", words(2)], caller=0, seconds=None)

    assert [isinstance(outcome, Refusal) for outcome in outcomes] == [False, True, False]
    assert outcomes[1].reason == "INTERNAL"


async def test_who_leaves_a_batch_that_fails_shifts_nobody_s_answer(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        blocker = asyncio.create_task(scheduler.read([words(1)], caller=0, seconds=None))
        await begun(reader)
        leaving = asyncio.create_task(scheduler.read([words(2)], caller=1, seconds=None))
        others = [
            asyncio.create_task(scheduler.read([text], caller=text, seconds=None)) for text in ("poison", words(3), words(4))
        ]
        await queued(scheduler, 11)
        blocker.cancel()
        await begun(reader)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        reader.release()
        async with asyncio.timeout(WAIT):
            [poisoned], *read = await asyncio.gather(*others)

    assert [len(batch) for batch in reader.batches[:2]] == [1, 4]
    assert poisoned.reason == "INTERNAL"
    assert [reading.document.text for [reading] in read] == [words(3), words(4)]
    assert scheduler.counts.batches == 0  # none was read as it had been put together: nothing is learnt of the pace


async def test_windows_that_are_read_together_are_timed_once(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        began = time.monotonic()
        reading = asyncio.create_task(scheduler.read([words(2_500)], caller=0, seconds=None))
        await begun(reader)
        await asyncio.sleep(0.05)  # so that the batch is most of what takes time
        reader.release()
        [read] = await reading

    assert [len(batch) for batch in reader.batches] == [3]
    assert read.inference_seconds <= time.monotonic() - began


async def test_a_long_text_that_is_being_cut_is_refused_when_all_is_closed(
    reader: "RegexReader", monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting, prepare = threading.Event(), reader.prepare
    monkeypatch.setattr(reader, "prepare", lambda text: cutting.wait(WAIT) and prepare(text))
    async with scheduling(reader) as scheduler:
        reading = asyncio.create_task(scheduler.read([words(2_500)], caller=0, seconds=None))
        await queued(scheduler, 2_500)
        scheduler.close()
        cutting.set()
        async with asyncio.timeout(WAIT):
            with pytest.raises(Refusal, match="shutting down"):
                await reading

    assert scheduler.in_work == 0


async def test_closing_refuses_what_waits_and_interrupts_what_is_in_work(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        reader.hold()
        tasks = [asyncio.create_task(scheduler.read([words(1)], caller=0, seconds=None))]
        await begun(reader)
        tasks.append(asyncio.create_task(scheduler.read([words(3)], caller=1, seconds=None)))
        await queued(scheduler, 3)
        scheduler.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(Refusal, match="shutting down"):
            await scheduler.read([words(1)], caller=2, seconds=None)

    assert [outcome.reason for outcome in outcomes] == ["SHUTTING_DOWN", "SHUTTING_DOWN"]


async def test_what_was_done_is_counted(reader: "RegexReader") -> None:
    async with scheduling(reader) as scheduler:
        await scheduler.read([words(10), words(20), words(2_500)], caller=0, seconds=None)
        counts = scheduler.counts

    assert (counts.texts, counts.windows, counts.abandoned) == (2, 3, 0)
    assert counts.tokens == 10 + 20 + 2_500
    assert counts.batches == len(reader.batches)


async def test_as_many_threads_read_as_the_model_has_use_for(reader: "RegexReader") -> None:
    reader.description = replace(reader.description, concurrency=3, batch_tokens=0)
    async with scheduling(reader) as scheduler:
        reader.hold()
        tasks = [asyncio.create_task(scheduler.read([words(5)], caller=number, seconds=None)) for number in range(5)]
        for _ in range(3):
            await begun(reader)
        await queued(scheduler, 10)
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
