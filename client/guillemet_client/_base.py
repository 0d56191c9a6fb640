"""What the two clients have in common."""

import grpc

from guillemet.v1 import quotation_pb2 as pb
from guillemet_client._channel import DEFAULT_MAX_MESSAGE_BYTES, DEFAULT_TIMEOUT_SECONDS, options_of, target_of
from guillemet_client._messages import to_options

# gRPC counts nanoseconds in 64 bits; beyond this it would expire at once.
LONGEST_SECONDS = 1e9


class BaseClient:
    """The settings of a client, and where its channel leads."""

    def __init__(
        self,
        address: str,
        *,
        timeout: float | None = DEFAULT_TIMEOUT_SECONDS,
        model: str | None = None,
        min_probability: float | None = None,
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
        credentials: grpc.ChannelCredentials | None = None,
    ) -> None:
        self._address = address
        self._is_closed = False
        self._timeout = checked_seconds(timeout)
        self._model = model
        self._min_probability = min_probability
        self._max_message_bytes = max_message_bytes
        self._credentials = credentials
        self._target = target_of(address)
        self._channel_options = options_of(address, max_message_bytes=max_message_bytes)
        self._connect()

    def _connect(self) -> None:
        """Make what needs no event loop."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address!r})"

    def _check_open(self) -> None:
        if self._is_closed:
            raise ValueError("the client is closed")

    def _options(self, min_probability: float | None) -> pb.ExtractOptions:
        self._check_open()
        chosen = self._min_probability if min_probability is None else min_probability
        return to_options(model=self._model, min_probability=chosen)

    def _seconds(self, timeout: float | None) -> float | None:
        self._check_open()
        return self._timeout if timeout is None else checked_seconds(timeout)


def checked_seconds(timeout: float | None) -> float | None:
    """Return `timeout` as gRPC takes it: what is longer than it can count is none.

    Raises:
        ValueError: It is negative or no number.
    """
    if timeout is None:
        return None
    if not timeout >= 0:  # nor NaN
        raise ValueError(f"a timeout must be a number of seconds from 0 on, not {timeout}")
    return timeout if timeout < LONGEST_SECONDS else None
