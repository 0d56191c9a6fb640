"""How long each step of reading takes, told to whoever asks: tokenize, infer, decode."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Step(NamedTuple):
    """One step of one call, of all its texts together."""

    name: str
    began: float  # by the monotonic clock, as `ended`
    ended: float


_STEPS: ContextVar[list[Step] | None] = ContextVar("guillemet_steps", default=None)


@contextmanager
def timed_steps() -> Iterator[list[Step]]:
    """Yield the list to which the steps of this block, in this thread or task, are added as they end."""
    steps: list[Step] = []
    token = _STEPS.set(steps)
    try:
        yield steps
    finally:
        _STEPS.reset(token)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Time the block, if somebody asked for that."""
    steps = _STEPS.get()
    if steps is None:
        yield
        return
    began = time.monotonic()
    try:
        yield
    finally:
        steps.append(Step(name, began, time.monotonic()))


def record_steps(timed: Iterable[Step]) -> None:
    """Add steps that were timed elsewhere, if somebody asked for those of this thread or task."""
    steps = _STEPS.get()
    if steps is not None:
        steps.extend(timed)
