"""Admission, batches and deadlines: one scheduler for the documents of all RPCs."""

import asyncio
from collections.abc import Hashable, Sequence

from structlog.typing import FilteringBoundLogger

from guillemet_models.extractor import Interrupted
from guillemet_server import errors
from guillemet_server.config import Limits
from guillemet_server.inference import Inference
from guillemet_server.logs import reported
from guillemet_server.pace import Pace
from guillemet_server.waiting import FairQueue, Item, Reading

# French takes 4 to 5 characters a token: what a text surely has before its tokens are counted.
_CHARACTERS_PER_TOKEN_AT_MOST = 8


class Scheduler:
    """Reads texts in batches, one batch at a time, and holds no more than it promised."""

    def __init__(self, inference: Inference, limits: Limits, *, log: FilteringBoundLogger) -> None:
        """Build it; nothing is read before `run`.

        Args:
            inference: The model's threads.
            limits: Of the server.
            log: For failures.
        """
        self.pace = Pace()
        self._inference = inference
        self._limits = limits
        self._log = log
        self._queue = FairQueue()
        self._uncounted = 0  # the least that texts being counted will have
        self._in_work: tuple[int, float] | None = None  # tokens, start
        self._waiting = asyncio.Event()
        self._closed = False

    @property
    def queued_tokens(self) -> int:
        """Tokens that wait."""
        return self._queue.tokens

    async def read(self, texts: Sequence[str], *, caller: Hashable, seconds: float | None) -> list[Reading | errors.Refusal]:
        """Return what was found in each text, in order; a refusal for one that broke the model.

        Args:
            texts: Admitted together or not at all.
            caller: Who takes turns with the others: one RPC.
            seconds: Until the deadline. None: there is none.

        Raises:
            Refusal: QUEUE_FULL, DEADLINE_UNREACHABLE, DEADLINE_EXCEEDED or SHUTTING_DOWN.
        """
        if seconds is not None and seconds <= 0:
            raise errors.deadline_exceeded()
        now = asyncio.get_running_loop().time()
        try:
            # The timer runs while the texts are counted, wait and are read; when it fires, they leave the queue.
            async with asyncio.timeout_at(None if seconds is None else now + seconds) as deadline:
                tokens = await self._counted(texts)
                self._admit(tokens, caller=caller, deadline=deadline.when())
                return await self._outcomes(texts, tokens, caller)
        except TimeoutError:
            raise errors.deadline_exceeded() from None

    async def run(self) -> None:
        """Read batch after batch, until cancelled."""
        while True:
            await self._waiting.wait()
            batch = self._queue.next_batch(self._limits.max_batch_tokens)
            if batch:
                await self._read_batch(batch)
            else:
                self._waiting.clear()

    def close(self) -> None:
        """Refuse what waits, interrupt what is in work."""
        self._closed = True
        for item in self._queue.everything():
            self._queue.withdraw(item)
            _settle(item, errors.shutting_down())

    async def _counted(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text; refuse before counting what has no room in any case."""
        least = sum(1 + len(text) // _CHARACTERS_PER_TOKEN_AT_MOST for text in texts)
        self._check_room(least, queued=self._queue.tokens + self._uncounted)
        self._uncounted += least
        try:
            return await self._inference.count_tokens(texts)
        finally:
            self._uncounted -= least

    def _admit(self, tokens: Sequence[int], *, caller: Hashable, deadline: float | None) -> None:
        if self._closed:
            raise errors.shutting_down()
        # Who is still being counted is weighed when that is done.
        self._check_room(sum(tokens), queued=self._queue.tokens)
        if deadline is None:
            return
        wait = self.pace.seconds_for(self._tokens_in_work() + self._queue.tokens_ahead(caller, len(tokens)))
        if wait is not None and wait > deadline - asyncio.get_running_loop().time():
            raise errors.deadline_unreachable(predicted_wait_seconds=wait)

    def _check_room(self, tokens: int, *, queued: int) -> None:
        # An empty queue takes anything: what is longer than the queue would otherwise be refused for ever.
        if queued and queued + tokens > self._limits.max_queue_tokens:
            wait = self.pace.seconds_for(queued)
            raise errors.queue_full(queued=queued, limit=self._limits.max_queue_tokens, wait_seconds=wait)

    async def _outcomes(self, texts: Sequence[str], tokens: Sequence[int], caller: Hashable) -> list[Reading | errors.Refusal]:
        loop = asyncio.get_running_loop()
        now = loop.time()
        items = [
            Item(text=text, tokens=count, caller=caller, admitted=now, outcome=loop.create_future())
            for text, count in zip(texts, tokens, strict=True)
        ]
        self._queue.add(items)
        self._waiting.set()
        try:
            outcomes = await asyncio.gather(*(item.outcome for item in items))
        finally:
            # Whoever was cancelled or came too late leaves at once; what is in work then is read for nobody.
            for item in items:
                self._queue.withdraw(item)
                item.outcome.cancel()
        return [reported(it, self._log) if not isinstance(it, Reading) else it for it in outcomes]

    async def _read_batch(self, batch: list[Item]) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        tokens = sum(item.tokens for item in batch)
        self._in_work = (tokens, started)
        try:
            found = await self._inference.extract([item.text for item in batch], lambda: self._abandoned(batch))
            seconds = loop.time() - started
            self.pace.record(tokens, seconds)
            for item, document in zip(batch, found, strict=True):
                if not item.outcome.done():
                    item.outcome.set_result(
                        document
                        if isinstance(document, Exception)
                        else Reading(document=document, queue_seconds=started - item.admitted, inference_seconds=seconds)
                    )
        except Interrupted:
            for item in batch:
                _settle(item, errors.shutting_down())
        except Exception as error:  # noqa: BLE001 (without this loop nothing would be read any more)
            for item in batch:
                if not item.outcome.done():
                    item.outcome.set_result(error)
        finally:
            self._in_work = None

    def _abandoned(self, batch: list[Item]) -> bool:
        """Tell, from the inference thread, whether nobody waits for any of the batch."""
        return self._closed or all(item.outcome.done() for item in batch)

    def _tokens_in_work(self) -> float:
        """Return what is probably left of the batch in work."""
        if self._in_work is None:
            return 0.0
        tokens, started = self._in_work
        whole = self.pace.seconds_for(tokens)
        elapsed = asyncio.get_running_loop().time() - started
        return float(tokens) if not whole else tokens * max(0.0, 1 - elapsed / whole)


def _settle(item: Item, refusal: errors.Refusal) -> None:
    if not item.outcome.done():
        item.outcome.set_exception(refusal)
