"""Who leaves before the answer: by a deadline, by being cancelled, or because the server closes."""

import asyncio
import threading
from typing import TYPE_CHECKING

import grpc
import pytest

from guillemet_server.errors import Refusal

if TYPE_CHECKING:
    from conftest import RegexReader, Scheduling

WAIT = 30.0


def words(count: int, word: str = "mot") -> str:
    return " ".join([word] * count)


async def test_a_long_text_that_nobody_waits_for_is_read_no_further(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        leaving = await scheduler.begun(words(5_000), caller=0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        left = scheduler.queued_tokens
        reader.release()
        await scheduler.read([words(1)], caller=1, seconds=None)

    assert left == 0
    assert [len(batch[0].split()) for batch in reader.batches] == [1_000, 1]
    assert reader.finished == 0


async def test_a_deadline_between_windows_ends_the_reading(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        late = await scheduler.begun(words(5_000), caller=0, seconds=1.0)
        with pytest.raises(Refusal) as refusal:
            await late
        reader.release()
        await scheduler.read([words(1)], caller=1, seconds=None)

    assert refusal.value.reason == "DEADLINE_EXCEEDED"
    assert [len(batch[0].split()) for batch in reader.batches] == [1_000, 1]
    assert reader.finished == 0


async def test_a_deadline_that_has_passed_is_refused_at_once(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(1)], caller=0, seconds=0.0)

    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    assert reader.batches == []


async def test_a_deadline_fires_in_the_queue_while_the_model_is_busy(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        blocker = await scheduler.begun(words(1), caller=0)
        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(5)], caller=1, seconds=0.05)
        left = scheduler.queued_tokens
        reader.release()
        await blocker

    assert refusal.value.reason == "DEADLINE_EXCEEDED"
    assert left == 0
    assert reader.batches == [(words(1),)]


async def test_a_deadline_interrupts_inference_between_windows(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        late = await scheduler.begun(words(5), caller=0, seconds=1.0)
        with pytest.raises(Refusal) as refusal:
            await late
        # Still held: only the interruption can have ended it.
        second = asyncio.create_task(scheduler.read([words(1)], caller=1, seconds=None))
        await reader.begun()
        reader.release()
        await second

    assert refusal.value.reason == "DEADLINE_EXCEEDED"
    assert reader.interrupted == 1


async def test_what_is_broken_off_shows_that_the_model_is_slower_than_known(
    reader: "RegexReader", scheduling: "Scheduling"
) -> None:
    async with scheduling() as scheduler:
        pace = scheduler.admission.pace
        pace.record(tokens=1_000, seconds=0.001)
        late = await scheduler.begun(words(1_000), caller=0, seconds=0.5)
        with pytest.raises(Refusal):
            await late
        reader.release()
        await scheduler.read([words(1)], caller=1, seconds=None)

    assert pace.seconds_for(1_000) > 0.1
    assert pace.least_seconds_for(1_000) <= 0.001  # of what was read


async def test_a_deadline_out_of_reach_is_refused_before_the_work_begins(
    reader: "RegexReader", scheduling: "Scheduling"
) -> None:
    async with scheduling() as scheduler:
        blocker = await scheduler.begun(words(10), caller=0)
        waiting = asyncio.create_task(scheduler.read([words(10)], caller=1, seconds=None))
        await scheduler.until_queued(10)
        scheduler.admission.pace.record(tokens=1, seconds=100.0)
        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(1)], caller=2, seconds=20.0)
        reader.release()
        await asyncio.gather(blocker, waiting)

    assert (refusal.value.code, refusal.value.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "DEADLINE_UNREACHABLE")


async def test_an_idle_server_tries_however_slow_it_was(scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        scheduler.admission.pace.record(tokens=1, seconds=1_000.0)

        assert await scheduler.read([words(100)], caller=0, seconds=WAIT)


async def test_a_storm_of_deadlines_is_refused_with_one_try_and_leaves_nothing_behind(
    reader: "RegexReader", scheduling: "Scheduling"
) -> None:
    async with scheduling() as scheduler:
        scheduler.admission.pace.record(tokens=1, seconds=1.0)
        outcomes = await asyncio.gather(
            *(scheduler.read([words(100)], caller=number, seconds=20.0) for number in range(200)), return_exceptions=True
        )
        left = scheduler.queued_tokens

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert {refusal.reason for refusal in refused} == {"DEADLINE_UNREACHABLE"}
    assert {refusal.retry_seconds for refusal in refused} == {None}  # the reading alone takes longer: no later try helps
    assert {dict(refusal.trailing_metadata())["grpc-retry-pushback-ms"] for refusal in refused} == {"-1"}
    assert len(refused) == 199
    assert len(reader.batches) == 1
    assert left == 0


async def test_deadlines_that_pass_in_the_queue_cost_no_inference(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        blocker = await scheduler.begun(words(1), caller="blocker")
        storm = [scheduler.read([words(10)], caller=number, seconds=0.05) for number in range(100)]
        outcomes = await asyncio.gather(*storm, return_exceptions=True)
        left, abandoned = scheduler.queued_tokens, scheduler.abandoned
        reader.release()
        await blocker

    assert {outcome.reason for outcome in outcomes} == {"DEADLINE_EXCEEDED"}
    assert (left, abandoned) == (0, 100)
    assert reader.batches == [(words(1),)]


async def test_a_refusal_for_the_deadline_says_when_the_wait_will_be_over(
    reader: "RegexReader", scheduling: "Scheduling"
) -> None:
    async with scheduling() as scheduler:
        tasks = [await scheduler.begun(words(1), caller=0)]
        tasks.append(asyncio.create_task(scheduler.read([words(10)], caller=1, seconds=None)))
        await scheduler.until_queued(10)
        scheduler.admission.pace.record(tokens=100_000_000, seconds=400_000_000.0)
        with pytest.raises(Refusal) as refusal:
            await scheduler.read([words(1)], caller=2, seconds=5.0)
        reader.release()
        await asyncio.gather(*tasks)

    # Turns are taken: of the two that are ahead the one in work has hardly begun.
    assert refusal.value.retry_seconds == pytest.approx(44.0, rel=0.05)


async def test_a_cancelled_caller_leaves_the_queue_at_once(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        blocker = await scheduler.begun(words(1), caller=0)
        leaving = asyncio.create_task(scheduler.read([words(5)], caller=1, seconds=None))
        await scheduler.until_queued(5)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        left = scheduler.queued_tokens
        reader.release()
        await blocker

    assert left == 0
    assert reader.batches == [(words(1),)]


async def test_one_that_leaves_a_batch_in_work_does_not_interrupt_the_other(
    reader: "RegexReader", scheduling: "Scheduling"
) -> None:
    async with scheduling() as scheduler:
        blocker = await scheduler.begun(words(1), caller=0)
        leaving = asyncio.create_task(scheduler.read([words(1)], caller=1, seconds=None))
        staying = asyncio.create_task(scheduler.read([words(1)], caller=2, seconds=None))
        await scheduler.until_queued(2)
        blocker.cancel()
        await reader.begun()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        reader.release()

        assert len(await staying) == 1
    assert [len(batch) for batch in reader.batches] == [1, 2]


async def test_who_leaves_a_batch_that_fails_shifts_nobody_s_answer(reader: "RegexReader", scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        blocker = await scheduler.begun(words(1), caller=0)
        leaving = asyncio.create_task(scheduler.read([words(2)], caller=1, seconds=None))
        others = [
            asyncio.create_task(scheduler.read([text], caller=text, seconds=None)) for text in ("poison", words(3), words(4))
        ]
        await scheduler.until_queued(11)
        blocker.cancel()
        await reader.begun()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        reader.release()
        async with asyncio.timeout(WAIT):
            [poisoned], *read = await asyncio.gather(*others)

    assert [len(batch) for batch in reader.batches[:2]] == [1, 4]
    assert poisoned.reason == "INTERNAL"
    assert [reading.document.text for [reading] in read] == [words(3), words(4)]
    # None was read as it had been put together: nothing is learnt of the pace.
    assert scheduler.metrics.registry.get_sample_value("guillemet_batch_texts_count") == 0


@pytest.mark.parametrize("step", ["prepare", "finish"])
async def test_a_long_text_that_is_being_cut_or_put_together_is_refused_when_all_is_closed(
    step: str, reader: "RegexReader", scheduling: "Scheduling", monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, free, work = threading.Event(), threading.Event(), getattr(reader, step)

    def held(*arguments: object) -> object:
        begun.set()
        assert free.wait(WAIT)
        return work(*arguments)

    monkeypatch.setattr(reader, step, held)
    async with scheduling() as scheduler:
        reading = asyncio.create_task(scheduler.read([words(2_500)], caller=0, seconds=None))
        await asyncio.to_thread(begun.wait, WAIT)
        scheduler.close()
        async with asyncio.timeout(WAIT):
            with pytest.raises(Refusal, match="shutting down"):
                await reading
        free.set()

    assert scheduler.in_work == 0


async def test_closing_refuses_what_waits_and_interrupts_what_is_in_work(scheduling: "Scheduling") -> None:
    async with scheduling() as scheduler:
        tasks = [await scheduler.begun(words(1), caller=0)]
        tasks.append(asyncio.create_task(scheduler.read([words(3)], caller=1, seconds=None)))
        await scheduler.until_queued(3)
        scheduler.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(Refusal, match="shutting down"):
            await scheduler.read([words(1)], caller=2, seconds=None)

    assert [outcome.reason for outcome in outcomes] == ["SHUTTING_DOWN", "SHUTTING_DOWN"]
