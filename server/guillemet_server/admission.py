"""Who may wait: as many tokens as agreed, and nobody whose deadline would pass first."""

import time
from collections.abc import Hashable
from contextlib import ExitStack

from guillemet_server import errors
from guillemet_server.config import Limits
from guillemet_server.inference import Inference
from guillemet_server.pace import Pace
from guillemet_server.waiting import FairQueue

# French takes 4 to 5 characters a token: good enough to weigh what waits, and nothing is computed for what is refused.
_CHARACTERS_PER_TOKEN = 4
# An idle server that seems too slow for a deadline tries all the same, but not for each of a thousand callers.
_SECONDS_BETWEEN_TRIES = 1.0


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has, at least 1."""
    return 1 + len(text) // _CHARACTERS_PER_TOKEN


class Admission:
    """The one answer to whether texts may be read, whichever RPC they came with."""

    def __init__(self, queue: FairQueue, inference: Inference, limits: Limits) -> None:
        """Build it.

        Args:
            queue: Of what was admitted.
            inference: Knows what is in work.
            limits: Of the server.
        """
        self.pace = Pace()
        self._queue = queue
        self._inference = inference
        self._limits = limits
        self._aside = 0  # tokens of long texts that are not in the queue yet
        self._next_try = 0.0

    @property
    def queued_tokens(self) -> int:
        """Tokens that wait."""
        return self._queue.tokens + self._aside

    def check(self, tokens: int, turns: int, *, caller: Hashable, seconds: float | None) -> None:
        """Let texts pass that can be read in time.

        Args:
            tokens: Of all of them.
            turns: That they need.
            caller: Who takes turns with the others.
            seconds: Until the deadline. None: there is none.

        Raises:
            Refusal: QUEUE_FULL or DEADLINE_UNREACHABLE.
        """
        if not self.has_room(tokens):
            queued, limit = self.queued_tokens, self._limits.max_queue_tokens
            raise errors.queue_full(queued=queued, limit=limit, wait_seconds=self._seconds_for(queued))
        if seconds is None:
            return
        in_work = self._tokens_in_work()
        reading = self.pace.least_seconds_for(tokens) / self._readers
        left = seconds - reading
        # Who has time for all that waits need not know what comes first: that costs a walk along the queue.
        if (self._seconds_for(in_work + self._queue.tokens) or 0.0) <= left:
            return
        wait = self._seconds_for(in_work + self._queue.tokens_ahead(caller, turns)) or 0.0
        if wait > left and not self._may_try():
            raise errors.deadline_unreachable(wait_seconds=wait, reading_seconds=reading, seconds=seconds)

    def has_room(self, tokens: int) -> bool:
        """Tell whether that many more may wait.

        A queue that is half empty takes anything: what is longer than all of it would otherwise be refused for ever.
        """
        limit = self._limits.max_queue_tokens
        return self.queued_tokens + min(tokens, limit // 2) <= limit

    def aside(self, tokens: int) -> ExitStack:
        """Count tokens as waiting that are not in the queue, from now on until what is returned is closed."""

        def count(number: int) -> None:
            self._aside += number

        count(tokens)
        counted = ExitStack()
        counted.callback(count, -tokens)
        return counted

    @property
    def _readers(self) -> int:
        return self._inference.description.concurrency

    def _seconds_for(self, tokens: float) -> float | None:
        seconds = self.pace.seconds_for(tokens)
        return None if seconds is None else seconds / self._readers

    def _tokens_in_work(self) -> float:
        """Return what is probably left of the batches in work."""
        now = time.monotonic()
        left = 0.0
        for tokens, started in self._inference.in_work:
            whole = self.pace.seconds_for(tokens)
            left += tokens * max(0.0, 1 - (now - started) / whole) if whole else tokens
        return left

    def _may_try(self) -> bool:
        """Tell whether nothing is in the way of finding out, and nobody did just now."""
        now = time.monotonic()
        if self.queued_tokens or self._inference.in_work or now < self._next_try:
            return False
        self._next_try = now + _SECONDS_BETWEEN_TRIES
        return True
