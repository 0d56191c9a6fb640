"""The documents of one `extract_iter` between being read and being yielded. No input or output: both clients share it."""

import logging
import random
from collections.abc import Iterator

from guillemet.v1 import quotation_pb2 as pb
from guillemet_client._errors import GuillemetError, InvalidRequest, ServerFault, TryLater, Unavailable, from_status
from guillemet_client._messages import from_result, to_document
from guillemet_client._requests import OnError, Outcome, check_size

_LOG = logging.getLogger("guillemet_client")

DEFAULT_PATIENCE_SECONDS = 10.0
_FIRST_DELAY_SECONDS = 0.1
_LONGEST_DELAY_SECONDS = 5.0


class Flow:
    """What was read and is not yet yielded.

    Args:
        options: For every document.
        ordered: Whether outcomes leave in the order of the texts.
        max_in_flight: How many there may be.
        max_message_bytes: Of the client.
        errors: "raise": an error is raised when its turn comes.
        patience_seconds: For which failing calls are repeated, without one answer between them.

    Raises:
        ValueError: `max_in_flight` is less than 1, or the patience less than 0.
    """

    def __init__(
        self,
        options: pb.ExtractOptions,
        *,
        ordered: bool,
        max_in_flight: int,
        max_message_bytes: int,
        errors: OnError,
        patience_seconds: float,
    ) -> None:
        if max_in_flight < 1:
            raise ValueError(f"max_in_flight must be at least 1, not {max_in_flight}")
        if not patience_seconds >= 0:  # nor NaN
            raise ValueError(f"patience must be a number of seconds from 0 on, not {patience_seconds}")
        self._options = options
        self._ordered = ordered
        self._max_in_flight = max_in_flight
        self._max_message_bytes = max_message_bytes
        self._errors = errors
        self._patience_seconds = patience_seconds
        self.has_ended = False  # whether there are no more texts
        self._n_read = 0
        self._n_yielded = 0
        self._unanswered: dict[int, str] = {}
        self._refused: dict[int, GuillemetError] = {}  # of the unanswered, those to send again, and why
        self._finished: dict[int, Outcome] = {}
        # Both since the last answer:
        self._failing_since: float | None = None
        self._delay_seconds = _FIRST_DELAY_SECONDS

    @property
    def has_room(self) -> bool:
        """Whether to read another text. Never while the server refuses what it has, or has yet to answer after a failure."""
        is_failing = bool(self._refused or (self._failing_since is not None and self._unanswered))
        return not self.has_ended and not is_failing and len(self._unanswered) + len(self._finished) < self._max_in_flight

    @property
    def in_work(self) -> bool:
        """Whether the server owes an answer on the open call."""
        return len(self._unanswered) > len(self._refused)

    @property
    def is_empty(self) -> bool:
        """Whether everything that was read was yielded."""
        return not self._unanswered and not self._finished

    def add(self, text: str) -> pb.StreamExtractQuotationsRequest | None:
        """Take the next text; return what to send, None if it cannot be sent."""
        index = self._n_read
        self._n_read += 1
        try:
            request = _request(text, index)
            check_size(request.ByteSize(), max_message_bytes=self._max_message_bytes, index=index)
        except InvalidRequest as error:
            self._finished[index] = error
            return None
        self._unanswered[index] = text
        return request

    def opening(self) -> Iterator[pb.StreamExtractQuotationsRequest]:
        """Yield the first messages of a call: the options, then all that waits for an answer."""
        self._refused.clear()
        yield pb.StreamExtractQuotationsRequest(options=self._options)
        for index, text in self._unanswered.items():
            yield _request(text, index)

    def receive(self, response: pb.StreamExtractQuotationsResponse) -> None:
        """Take an answer.

        Raises:
            ServerFault: It answers nothing that was asked, or breaks the contract.
        """
        index = int(response.document_id) if response.document_id.isdecimal() else -1
        if index not in self._unanswered:
            raise ServerFault(f"an answer came for {response.document_id!r}, which is not in work", code="INTERNAL")
        if response.HasField("error"):
            error = from_status(response.error, index=index)
            if _passes(error):
                self._refused[index] = error
                return
            self._finish(index, error)
        else:
            self._finish(index, from_result(response.result, self._unanswered[index], index=index))
        self._failing_since = None
        self._delay_seconds = _FIRST_DELAY_SECONDS

    def pop(self) -> Outcome | None:
        """Return what is to be yielded next; None if nothing is ready.

        Raises:
            GuillemetError: It is an error, and errors are raised.
        """
        if not self._finished:
            return None
        index = self._n_yielded if self._ordered else next(iter(self._finished))
        outcome = self._finished.pop(index, None)
        if outcome is not None:
            self._n_yielded += 1
        if isinstance(outcome, GuillemetError) and self._errors == "raise":
            raise outcome
        return outcome

    def reopen_after_seconds(self, failure: GuillemetError | None, *, now: float, end: float | None) -> float:
        """Return how long to wait before the next call.

        Args:
            failure: What ended the last call; None: the server refused, one by one, all that was left.
            now: Seconds on a clock that only goes forward.
            end: By that clock, of the time for all of it. None: it has none.

        Raises:
            GuillemetError: `failure`, if another call would not help, or not before the patience or the time is at its end.
        """
        causes = [*self._refused.values()] if failure is None else [failure]
        is_first = self._failing_since is None
        if self._failing_since is None:
            self._failing_since = now
        patience = self._failing_since + self._patience_seconds - now
        left = patience if end is None else min(patience, end - now)
        said = max((cause.retry_after_seconds or 0.0 for cause in causes), default=0.0)
        if patience <= 0 or said > left or not all(map(_passes, causes)):
            if failure is not None:
                raise failure
            for index, error in list(self._refused.items()):
                self._finish(index, error)
            return 0.0
        if is_first:
            _LOG.info("%s; asking again for up to %g s", causes[0], self._patience_seconds)
        if said:
            return said
        delay = self._delay_seconds
        self._delay_seconds = min(2 * delay, _LONGEST_DELAY_SECONDS)
        # Spread, so that the clients of a server that comes back do not all call at once.
        return max(0.0, min(left, delay * random.uniform(0.8, 1.2)))

    def _finish(self, index: int, outcome: Outcome) -> None:
        self._refused.pop(index, None)
        del self._unanswered[index]
        self._finished[index] = outcome


def _request(text: str, index: int) -> pb.StreamExtractQuotationsRequest:
    return pb.StreamExtractQuotationsRequest(document=to_document(text, index=index))


def _passes(error: GuillemetError) -> bool:
    """Tell whether the same request may soon succeed: the server is away, or says when to come back."""
    return isinstance(error, Unavailable) or (isinstance(error, TryLater) and error.retry_after_seconds is not None)
