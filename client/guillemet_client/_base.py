"""What the two clients have in common."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import NoneType
from typing import NoReturn, TypeAlias

import grpc

from guillemet.v1 import quotation_pb2 as pb
from guillemet_client._channel import DEFAULT_MAX_MESSAGE_BYTES, DEFAULT_TIMEOUT_SECONDS, is_this_machine, options_of, target_of
from guillemet_client._errors import from_rpc
from guillemet_client._messages import to_options
from guillemet_client._security import TLS, Token, channel_credentials

# gRPC counts nanoseconds in 64 bits; beyond this it would expire at once.
LONGEST_SECONDS = 1e9

Metadata: TypeAlias = Mapping[str, str | bytes]


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
        tls: TLS | None = None,
        token: Token | None = None,
    ) -> None:
        _check_type("address", address, str)
        _check_type("tls", tls, TLS, NoneType)
        _check_type("token", token, Token, NoneType)
        if min_probability is not None and not 0 <= min_probability <= 1:  # nor NaN
            raise ValueError(f"min_probability must be from 0 to 1, not {min_probability}")
        if max_message_bytes < 1:
            raise ValueError(f"max_message_bytes must be at least 1, not {max_message_bytes}")
        self._address = address
        self._process = os.getpid()
        self._is_closed = False
        self._timeout = checked_seconds(timeout)
        self._model = model
        self._min_probability = min_probability
        self._max_message_bytes = max_message_bytes
        self._target = target_of(address)
        if token is not None and tls is None and not is_this_machine(address):
            raise ValueError(f"the token would go to {address} unencrypted: give tls=TLS() too")
        self._token = token
        self._credentials = None if tls is None else channel_credentials(tls)
        self._channel_options = options_of(
            address, max_message_bytes=max_message_bytes, server_name=None if tls is None else tls.server_name
        )
        self._connect()

    def _connect(self) -> None:
        """Make what needs no event loop."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address!r})"

    def __getstate__(self) -> NoReturn:
        raise TypeError(f"{self!r} belongs to its process: make a client in each")

    def _check_open(self) -> None:
        if self._is_closed:
            raise ValueError("the client is closed")
        if self._process != os.getpid():
            raise RuntimeError('the client was made before a fork, which gRPC does not survive: "spawn", and make one here')

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise what a call ends with as an error of ours.

        Raises:
            GuillemetError: The call failed.
            ValueError: The client was closed meanwhile, which ended the call.
        """
        try:
            yield
        except grpc.RpcError as error:
            self._check_open()
            raise from_rpc(error, address=self._address) from error

    def _options(self, min_probability: float | None) -> pb.ExtractOptions:
        self._check_open()
        chosen = self._min_probability if min_probability is None else min_probability
        return to_options(model=self._model, min_probability=chosen)

    def _seconds(self, timeout: float | None) -> float | None:
        self._check_open()
        return self._timeout if timeout is None else checked_seconds(timeout)

    def _headers(self, metadata: Metadata | None) -> tuple[tuple[str, str | bytes], ...]:
        """Return what is sent before a request: what the caller says, and who it is."""
        said = tuple((name.lower(), value) for name, value in (metadata or {}).items())
        return said if self._token is None else (*said, self._token.header())


def _check_type(name: str, given: object, *accepted: type) -> None:
    """Let pass an argument of one of these types.

    Raises:
        TypeError: It is of another; the message says the first of them.
    """
    if not isinstance(given, accepted):
        raise TypeError(f"{name}: a {accepted[0].__name__}, not {type(given).__name__}")


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
