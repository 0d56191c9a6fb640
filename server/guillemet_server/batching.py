"""Turns and deadlines: one scheduler for the documents of all RPCs."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import ParamSpec

from structlog.typing import FilteringBoundLogger

from guillemet_models.extractor import ModelDescription
from guillemet_server import errors
from guillemet_server.admission import Admission, estimated_tokens
from guillemet_server.caching import AnswerCache
from guillemet_server.config import Limits
from guillemet_server.inference import Inference
from guillemet_server.logs import reported
from guillemet_server.observability.metrics import Metrics
from guillemet_server.observability.stages import record_stage
from guillemet_server.security.callers import charge, check_caller
from guillemet_server.stopping import unless_stopping
from guillemet_server.waiting import Entry, FairQueue, Reading, Turn, Window

P = ParamSpec("P")


class Scheduler:
    """Lets the texts of all callers be read in turn, and holds no more than it promised."""

    def __init__(
        self,
        inference: Inference,
        limits: Limits,
        *,
        log: FilteringBoundLogger,
        cache: AnswerCache | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """Build it; nothing is read before `start`.

        Args:
            inference: The model's threads.
            limits: Of the server.
            log: For failures.
            cache: Of answers. None: every text is read.
            metrics: Told of what is read. None: nobody is.
        """
        self.abandoned = 0  # turns that nobody waited for any more, before or while they came
        self.cache = cache or AnswerCache(0)
        self._metrics = metrics or Metrics()
        self._inference = inference
        self._limits = limits
        self._log = log
        self._queue = FairQueue()
        self.admission = Admission(self._queue, inference, limits)
        self._live: set[Entry] = set()  # waiting or in work, for somebody
        self._closed = asyncio.Event()

    @property
    def queued_tokens(self) -> int:
        """Tokens that wait."""
        return self.admission.queued_tokens

    @property
    def in_work(self) -> int:
        """Texts, and windows of longer ones, that wait or are read for somebody."""
        return len(self._live)

    def start(self) -> None:
        """Begin to read, until closed. The model is loaded."""
        description = self._inference.description
        most = min(in_effect(self._limits, description).max_batch_tokens, description.batch_tokens)
        self._inference.start(self._queue, most, self._settle)

    async def read(self, texts: Sequence[str], *, caller: Hashable, seconds: float | None) -> list[Reading | errors.Refusal]:
        """Return what was found in each text, in order; a refusal for one that broke the model.

        Args:
            texts: Admitted together or not at all.
            caller: Who takes turns with the others: one RPC.
            seconds: Until the deadline. None: there is none.

        Raises:
            Refusal: QUEUE_FULL, DEADLINE_UNREACHABLE, DEADLINE_EXCEEDED, SHUTTING_DOWN, QUOTA_EXCEEDED or TOKEN_UNKNOWN.
        """
        if seconds is not None and seconds <= 0:
            raise errors.deadline_exceeded()
        check_caller()  # an answer that is kept costs nobody's quota, but is not for everybody
        known = [self.cache.find(text, self._inference.description) for text in texts]
        new = [text for text, document in zip(texts, known, strict=True) if document is None]
        read = iter(await self._read_new(new, caller, seconds) if new else ())
        outcomes = [next(read) if document is None else Reading(document=document, cached=True) for document in known]
        for outcome in outcomes:
            if isinstance(outcome, Reading) and not outcome.cached:
                self._metrics.count_reading(tokens=outcome.document.tokens, queue_seconds=outcome.queue_seconds)
        return outcomes

    def close(self) -> None:
        """Refuse what waits, interrupt what is in work."""
        self._closed.set()
        self._queue.close()
        for entry in self._live:
            _fail(entry, errors.shutting_down())

    async def _read_new(self, texts: Sequence[str], caller: Hashable, seconds: float | None) -> list[Reading | errors.Refusal]:
        if self._closed.is_set():
            raise errors.shutting_down()
        tokens = sum(map(estimated_tokens, texts))
        turns = sum(-(-estimated_tokens(text) // self._inference.description.window_tokens) for text in texts)
        self.admission.check(tokens, turns, caller=caller, seconds=seconds)
        charge(tokens)
        try:
            # The timer runs while texts wait and are read; when it fires, they leave the queue.
            async with asyncio.timeout(seconds):
                if len(texts) == 1:
                    return [await self._read_alone(texts[0], caller)]
                async with asyncio.TaskGroup() as group:
                    tasks = [self._begun(text, caller, group) for text in texts]
        except TimeoutError:
            raise errors.deadline_exceeded() from None
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _read_alone(self, text: str, caller: Hashable) -> Reading | errors.Refusal:
        """Do as `_begun` without a task, which would cost the many requests of one text two turns of the loop."""
        tokens = estimated_tokens(text)
        if tokens > self._inference.description.window_tokens:
            return await self._outcome(self._read_long, text, self.admission.aside(tokens), caller)
        entry = self._entered(text, tokens, caller)
        try:
            return await self._outcome(self._read_short, entry)
        finally:
            self._leave([entry])

    def _begun(self, text: str, caller: Hashable, group: asyncio.TaskGroup) -> asyncio.Task[Reading | errors.Refusal]:
        """Let a text wait at once, so that the next caller finds it there; a long one is cut into windows first."""
        tokens = estimated_tokens(text)
        if tokens > self._inference.description.window_tokens:
            aside = self.admission.aside(tokens)
            task = group.create_task(self._outcome(self._read_long, text, aside, caller))
            task.add_done_callback(lambda _: aside.close())  # even if it never began
            return task
        entry = self._entered(text, tokens, caller)
        task = group.create_task(self._outcome(self._read_short, entry))
        task.add_done_callback(lambda _: self._leave([entry]))  # even if it never began
        return task

    async def _outcome(
        self, read: Callable[P, Awaitable[Reading]], *arguments: P.args, **options: P.kwargs
    ) -> Reading | errors.Refusal:
        try:
            reading = await read(*arguments, **options)
        except errors.Refusal:
            raise
        except Exception as error:  # noqa: BLE001 (one text fails, those beside it do not)
            return reported(error, self._log)
        self.cache.keep(reading.document, self._inference.description)
        return reading

    async def _read_short(self, entry: Entry) -> Reading:
        turn = await entry.outcome
        record_stage("queue", entry.entered, turn.started)
        for step in turn.steps:
            record_stage(*step)
        return Reading(document=turn.found, queue_seconds=turn.started - entry.entered, inference_seconds=turn.seconds)

    async def _read_long(self, text: str, aside: ExitStack, caller: Hashable) -> Reading:
        entered = time.monotonic()
        with aside:
            prepared = await unless_stopping(self._inference.prepare(text), self._closed)
        record_stage("tokenize", entered, time.monotonic())
        entries = [self._entered(Window(prepared, window), window.stop - window.start, caller) for window in prepared.windows]
        try:
            turns = await asyncio.gather(*(entry.outcome for entry in entries))
        finally:
            self._leave(entries)
        for entry, turn in zip(entries, turns, strict=True):
            record_stage("queue", entry.entered, turn.started)
        batches = {turn.started: turn.seconds for turn in turns}  # of one or more windows each
        for started, seconds in batches.items():
            record_stage("infer", started, started + seconds)
        found = [turn.found for turn in turns]
        last = await unless_stopping(self._inference.finish(prepared, found), self._closed)
        record_stage("decode", last.started, last.started + last.seconds)
        return Reading(
            document=last.found,
            queue_seconds=min(turn.started for turn in (*turns, last)) - entered,
            inference_seconds=sum(batches.values()) + last.seconds,
        )

    def _entered(self, content: str | Window, tokens: int, caller: Hashable) -> Entry:
        if self._closed.is_set():  # while a long text was cut into windows
            raise errors.shutting_down()
        outcome: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        entry = Entry(content=content, tokens=tokens, caller=caller, entered=time.monotonic(), outcome=outcome)
        self._live.add(entry)
        self._queue.add(entry)
        return entry

    def _leave(self, entries: Iterable[Entry]) -> None:
        """Take out what still waits, for whoever was cancelled or came too late; what is in work then is read for nobody."""
        for entry in entries:
            self._live.discard(entry)
            self._queue.withdraw(entry)
            entry.outcome.cancel()  # unless it was, with the task that waited for it
            self.abandoned += entry.outcome.cancelled()

    def _settle(self, batch: list[Entry], turns: list[Turn | Exception]) -> None:
        """Tell those who still wait what became of a batch."""
        for entry, turn in zip(batch, turns, strict=True):
            if isinstance(turn, Exception):
                _fail(entry, turn)
            elif not entry.outcome.done():
                entry.outcome.set_result(turn)
        measured = [turn for turn in turns if isinstance(turn, Turn)]
        if len(measured) == len(batch) and measured[0].started == measured[-1].started:
            # All were read together, and took as long as each.
            tokens, seconds = sum(entry.tokens for entry in batch), measured[0].seconds
            if measured[0].found is None:
                self.admission.pace.record_unfinished(tokens, seconds)
                return
            self.admission.pace.record(tokens, seconds)
            padding = max(entry.tokens for entry in batch) * len(batch) - tokens
            self._metrics.count_batch(texts=len(batch), tokens=tokens, padding=padding, seconds=seconds)


def in_effect(limits: Limits, description: ModelDescription) -> Limits:
    """Return the limits as they are enforced with a model: no batch is larger than its runtime or the queue has use for."""
    useful = max(description.batch_tokens, description.window_tokens)
    return replace(limits, max_batch_tokens=min(limits.max_batch_tokens, limits.max_queue_tokens, useful))


def _fail(entry: Entry, error: Exception) -> None:
    if not entry.outcome.done():
        entry.outcome.set_exception(error)
        entry.outcome.exception()  # seen: asyncio need not complain, with the error's words, if its caller leaves now
