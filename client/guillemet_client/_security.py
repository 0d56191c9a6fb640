"""How a client knows its server, and how the server knows it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc


@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    """An encrypted connection. Certificates and keys are PEM: the bytes, or the file that holds them.

    Raises:
        ValueError: Of certificate and key only one is given.
        TypeError: One of them is neither bytes nor a path; a `str` could be meant as either.
    """

    roots: Path | bytes | None = None
    """Certificates of the authorities to trust; None: those that gRPC brings along."""
    certificate: Path | bytes | None = None
    """The caller's own, with its chain, for a server that asks for one (mTLS)."""
    key: Path | bytes | None = field(default=None, repr=False)
    """That of `certificate`."""
    server_name: str | None = None
    """That the server's certificate must bear; None: the host of the address."""

    def __post_init__(self) -> None:
        for name in ("roots", "certificate", "key"):
            given = getattr(self, name)
            if not isinstance(given, Path | bytes | None):
                raise TypeError(f"TLS.{name}: a Path or PEM bytes, not {type(given).__name__}")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate needs its key, and a key its certificate")


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, sent with every call over TLS or within this machine, and nowhere else.

    Raises:
        ValueError: It is empty, or no header can carry it.
    """

    value: str | Callable[[], str] = field(repr=False)
    """The token; or what returns it, called for each call, where it changes with time."""

    def __post_init__(self) -> None:
        if isinstance(self.value, str):
            _check_token(self.value)

    def header(self) -> tuple[str, str]:
        """Return the name and the value of the header that shows it."""
        value = self.value if isinstance(self.value, str) else self.value()
        _check_token(value)
        return "authorization", f"Bearer {value}"


def channel_credentials(tls: TLS) -> grpc.ChannelCredentials:
    """Return what gRPC makes of `tls`.

    Raises:
        ValueError: What should be PEM is none.
        OSError: A file cannot be read.
    """
    return grpc.ssl_channel_credentials(
        root_certificates=_pem("roots", tls.roots),
        private_key=_pem("key", tls.key),
        certificate_chain=_pem("certificate", tls.certificate),
    )


def _pem(name: str, given: Path | bytes | None) -> bytes | None:
    data = given.read_bytes() if isinstance(given, Path) else given
    # gRPC would log an error and call the server unreachable.
    if data is not None and b"-----BEGIN " not in data:
        raise ValueError(f"{name}: no PEM, which has a line -----BEGIN …")
    return data


def _check_token(token: str) -> None:
    # gRPC would refuse it too, and print it.
    if not token or not all("!" <= character <= "~" for character in token):
        raise ValueError("a token is printable ASCII without spaces, and not empty")
