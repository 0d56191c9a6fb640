"""What becomes of requests whose callers may go away, and whether the answers to the others are right."""

import asyncio
from dataclasses import dataclass, field

import grpc

from guillemet_bench.answers import Answers
from guillemet_bench.calls import Caller, Request


@dataclass(slots=True)
class Outcomes:
    """Of some requests; each ends in one way."""

    sent: int = 0
    answered: int = 0
    wrong: int = 0  # of those answered
    cancelled: int = 0
    failed: dict[str, int] = field(default_factory=dict)  # by status

    @property
    def failures(self) -> int:
        """Of all statuses."""
        return sum(self.failed.values())

    @property
    def unaccounted(self) -> int:
        """Requests that did not end."""
        return self.sent - self.answered - self.cancelled - self.failures


async def ask(
    caller: Caller, request: Request, answers: Answers, outcomes: Outcomes, *, patience_seconds: float | None = None
) -> bool:
    """Send one text, and compare the answer with the right one; tell whether there was one.

    Args:
        caller: Sends.
        request: The text.
        answers: The right ones.
        outcomes: Counts what becomes of it.
        patience_seconds: After which the caller cancels. None: it waits.
    """
    outcomes.sent += 1
    try:
        async with asyncio.timeout(patience_seconds):
            answer = await caller.start(request)
    except TimeoutError:
        outcomes.cancelled += 1
        return False
    except grpc.aio.AioRpcError as error:
        name = error.code().name
        outcomes.failed[name] = outcomes.failed.get(name, 0) + 1
        return False
    outcomes.answered += 1
    outcomes.wrong += not answers.is_right(request, answer)
    return True
