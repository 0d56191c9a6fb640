"""What is waited for while a server runs, and no longer."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from guillemet_server import errors

T = TypeVar("T")


async def unless_stopping(work: Coroutine[Any, Any, T], stopping: asyncio.Event) -> T:
    """Return what `work` returns. What a thread does for it goes on behind its back when the waiting is over.

    Raises:
        Refusal: SHUTTING_DOWN: `stopping` was set first.
    """
    working, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise errors.shutting_down()
    finally:
        working.cancel()
        stopped.cancel()
