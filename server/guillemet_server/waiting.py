"""The queue: fair between callers, measured in tokens. It knows no clock and no thread."""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import islice

from guillemet_models.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was found in one text, and what that cost."""

    document: Document
    queue_seconds: float
    inference_seconds: float


@dataclass(eq=False, slots=True, kw_only=True)
class Item:
    """One text that waits, or is in work."""

    text: str
    tokens: int
    caller: Hashable  # one RPC
    admitted: float  # time of the event loop
    outcome: "asyncio.Future[Reading | Exception]"  # cancelled when nobody waits for it any more


class FairQueue:
    """Texts of several callers, who take turns."""

    def __init__(self) -> None:
        # In the order of their turns; each with its items in the order of arrival (a dict, so that any leaves at once).
        self._callers: OrderedDict[Hashable, dict[Item, None]] = OrderedDict()
        self.tokens = 0

    def add(self, items: Iterable[Item]) -> None:
        """Let the items wait; a new caller's turn comes last."""
        for item in items:
            self._callers.setdefault(item.caller, {})[item] = None
            self.tokens += item.tokens

    def withdraw(self, item: Item) -> None:
        """Forget the item if it still waits."""
        waiting = self._callers.get(item.caller, {})
        if item in waiting:
            self._take(item, waiting)

    def everything(self) -> list[Item]:
        """Return the items, in no order that means anything."""
        return [item for waiting in self._callers.values() for item in waiting]

    def next_batch(self, max_padded_tokens: int) -> list[Item]:
        """Take what is to be read next: an item a caller in turn, as long as the padded batch keeps within the limit.

        The first item is taken however long it is. A caller whose item does not fit keeps its turn for the next batch.
        """
        batch: list[Item] = []
        width = 0
        turns = list(self._callers)
        while turns:
            passed = []
            for caller in turns:
                waiting = self._callers[caller]
                item = next(iter(waiting))
                wider = max(width, item.tokens)
                if batch and wider * (len(batch) + 1) > max_padded_tokens:
                    continue
                self._take(item, waiting)
                batch.append(item)
                width = wider
                if waiting:
                    self._callers.move_to_end(caller)
                    passed.append(caller)
            turns = passed
        return batch

    def tokens_ahead(self, caller: Hashable, count: int) -> int:
        """Return the tokens whose turn comes before that of the last of `count` new items of `caller`."""
        own = self._callers.get(caller, {})
        rounds = len(own) + count
        others = (waiting for other, waiting in self._callers.items() if other != caller)
        return sum(item.tokens for item in own) + sum(item.tokens for waiting in others for item in islice(waiting, rounds))

    def _take(self, item: Item, waiting: dict[Item, None]) -> None:
        del waiting[item]
        self.tokens -= item.tokens
        if not waiting:
            del self._callers[item.caller]
