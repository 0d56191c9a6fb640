"""What the two clients have in common."""

import grpc

from guillemet.v1 import quotation_pb2 as pb
from guillemet_client._channel import DEFAULT_MAX_MESSAGE_BYTES, DEFAULT_TIMEOUT_SECONDS, options_of, target_of
from guillemet_client._messages import to_options


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
        self._timeout = timeout
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

    def _options(self, min_probability: float | None) -> pb.ExtractOptions:
        chosen = self._min_probability if min_probability is None else min_probability
        return to_options(model=self._model, min_probability=chosen)

    def _seconds(self, timeout: float | None) -> float | None:
        return self._timeout if timeout is None else timeout
