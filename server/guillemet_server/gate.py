"""Whether RPCs may pass: not before the model is ready, not once the server stops."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from guillemet_server import errors


class State(Enum):
    """Of a server, in this order."""

    LOADING = auto()
    READY = auto()
    DRAINING = auto()


class Gate:
    """Counts the RPCs in work and turns away those that come at the wrong time."""

    def __init__(self) -> None:
        self.state = State.LOADING
        self.draining = asyncio.Event()
        self._in_work = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def open(self) -> None:
        """Let RPCs pass, unless the server already stops."""
        if self.state is State.LOADING:
            self.state = State.READY

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Count one RPC while it lasts.

        Raises:
            Refusal: MODEL_LOADING or SHUTTING_DOWN.
        """
        if self.state is State.LOADING:
            raise errors.model_loading()
        if self.state is State.DRAINING:
            raise errors.shutting_down()
        self._in_work += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_work -= 1
            if not self._in_work:
                self._idle.set()

    async def drain(self, seconds: float) -> bool:
        """Let nothing new pass, and wait for what has passed; False if that took too long."""
        self.state = State.DRAINING
        self.draining.set()
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
