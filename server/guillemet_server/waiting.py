"""The queue between the event loop and the threads that read: fair between callers, measured in tokens. It knows no clock."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from guillemet_models.document import Document
from guillemet_models.extractor import PreparedText
from guillemet_models.steps import Step


class Window(NamedTuple):
    """A part of a long text."""

    text: PreparedText
    tokens: slice


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of an entry, or of the decoding of a long text, when its turn had come."""

    found: Any  # the Document of a text, the EncodedWindow of a window; None: nobody waited any more, and it was broken off
    started: float  # by the monotonic clock
    seconds: float  # that it took, with its batch
    steps: tuple[Step, ...] = ()  # of its batch, as far as they were timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was found in one text, and what that cost."""

    document: Document
    queue_seconds: float = 0.0
    inference_seconds: float = 0.0
    cached: bool = False  # found in an earlier request


@dataclass(eq=False, slots=True, kw_only=True)
class Entry:
    """What is read at one go: a text, or a window of one that is too long for that."""

    content: str | Window
    tokens: int
    caller: Hashable  # one RPC
    entered: float  # by the monotonic clock
    outcome: "asyncio.Future[Turn]"  # done before its turn: nobody waits for it any more


class FairQueue:
    """Entries of several callers, who take turns. Any thread may call any method."""

    def __init__(self) -> None:
        # In the order of their turns; each with its entries in the order of arrival (a dict, so that any leaves at once).
        self._callers: OrderedDict[Hashable, dict[Entry, None]] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self.tokens = 0

    def add(self, entry: Entry) -> None:
        """Let the entry wait; a new caller's turn comes last."""
        with self._changed:
            self._callers.setdefault(entry.caller, {})[entry] = None
            self.tokens += entry.tokens
            self._changed.notify()

    def withdraw(self, entry: Entry) -> None:
        """Forget the entry if it still waits."""
        with self._changed:
            if entry in self._callers.get(entry.caller, {}):
                self._take(entry)

    def close(self) -> None:
        """Give out nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def next_batch(self, max_padded_tokens: int) -> list[Entry]:
        """Take what is to be read next, and wait until there is something.

        An entry a caller in turn, all texts or all windows, as long as the padded batch keeps within the limit. The first entry
        is taken however long it is. A caller whose entry does not fit keeps its turn for the next batch.

        Returns:
            Nothing if the queue is closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._callers or self._closed)
            return [] if self._closed else self._batch(max_padded_tokens)

    def tokens_ahead(self, caller: Hashable, count: int) -> int:
        """Return the tokens whose turn comes before that of the last of `count` new entries of `caller`."""
        with self._changed:
            own = self._callers.get(caller, {})
            rounds = len(own) + count
            others = (waiting for other, waiting in self._callers.items() if other != caller)
            ahead = sum(entry.tokens for waiting in others for entry in islice(waiting, rounds))
            return sum(entry.tokens for entry in own) + ahead

    def _batch(self, max_padded_tokens: int) -> list[Entry]:
        batch = [self._turn(next(iter(self._callers)))]
        width = batch[0].tokens
        if 2 * width > max_padded_tokens:
            return batch  # nobody need be asked, however many wait
        turns = list(self._callers)
        while turns:
            passed = []
            for caller in turns:
                entry = next(iter(self._callers[caller]))
                wider = max(width, entry.tokens)
                if type(entry.content) is not type(batch[0].content) or wider * (len(batch) + 1) > max_padded_tokens:
                    continue
                batch.append(self._turn(caller))
                width = wider
                if caller in self._callers:
                    passed.append(caller)
            turns = passed
        return batch

    def _turn(self, caller: Hashable) -> Entry:
        """Take the caller's first entry; its next turn comes last."""
        entry = next(iter(self._callers[caller]))
        self._take(entry)
        if caller in self._callers:
            self._callers.move_to_end(caller)
        return entry

    def _take(self, entry: Entry) -> None:
        waiting = self._callers[entry.caller]
        del waiting[entry]
        self.tokens -= entry.tokens
        if not waiting:
            del self._callers[entry.caller]
