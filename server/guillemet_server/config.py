"""What a server is told at its start. Nothing heavy: the command line reads it before it needs a server."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from guillemet_models.cpus import usable_cpus

# The widest number that the contract's uint32 fields carry; offsets may need four bytes for a code point.
_UINT32_MAX = 2**32 - 1
_INT32_MAX = 2**31 - 1
_LONGEST_SECONDS = _INT32_MAX // 1000
_GRPC_INTEGERS = ("max_request_bytes", "max_header_bytes", "max_connection_rpcs", "max_connections")
_UTF8_BYTES_PER_CHARACTER = 4
_ENVELOPE_BYTES = 2_048  # of a request around its text: an id, options, lengths


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the server refuses; ``GetModel`` publishes what a caller has to keep to.

    Raises:
        ValueError: Two limits contradict each other; the message says which.
    """

    max_document_characters: int = 1_000_000
    max_batch_documents: int = 256
    max_batch_tokens: int = 16_384
    max_queue_tokens: int = 1_000_000
    max_request_bytes: int = 16 * 2**20
    max_stream_documents: int = 64
    max_header_bytes: int = 8_192  # of the metadata of one RPC, as HTTP/2 counts them
    max_connection_rpcs: int = 1_000  # at once; a client lets further ones wait
    max_connections: int = 1_000

    def __post_init__(self) -> None:
        for field in self.__slots__:
            most = _INT32_MAX if field in _GRPC_INTEGERS else _UINT32_MAX
            if not 1 <= getattr(self, field) <= most:
                raise ValueError(f"{field} must lie between 1 and {most:,}, not be {getattr(self, field):,}")
        widest = _ENVELOPE_BYTES + self.max_document_characters * _UTF8_BYTES_PER_CHARACTER
        if widest > self.max_request_bytes:
            raise ValueError(
                f"a document of {self.max_document_characters:,} characters may take {widest:,} bytes, "
                f"more than {self.max_request_bytes:,} of a request: raise max_request_bytes or lower max_document_characters"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSFiles:
    """How the server proves who it is, and whom it lets in; PEM, read again when they change."""

    certificate: Path  # with the chain behind it
    key: Path
    client_ca: Path | None = None  # callers need a certificate of one of these authorities; None: they need none


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Where and what to serve.

    Raises:
        ValueError: Other machines could read along or call without being known, and not `insecure`; or a value makes no sense.
    """

    listen: str  # "HOST:PORT" or "unix:PATH"
    model: Path | None = None  # None: the embedded model
    threads: int | None = None  # None: the CPUs this process may use
    runtime: Literal["onnx", "torch"] = "onnx"  # "torch" for a GPU
    # Each thread lets a process read, of the runtime "onnx", once it has read so many seconds beside others. None: never.
    reader_processes_after: float | None = None
    limits: Limits = Limits()
    cache_bytes: int = 0  # of answers that are kept; 0: none is
    drain_seconds: float = 30.0
    reflection: bool = True
    tls: TLSFiles | None = None  # None: plain text
    tokens: Path | None = None  # None: callers need no token
    insecure: bool = False  # other machines may read along, and anybody call
    max_connection_seconds: float | None = None  # then its caller connects anew; None: as long as the caller likes
    metrics_listen: str | None = None  # "HOST:PORT" for Prometheus; None: nowhere

    def __post_init__(self) -> None:
        cpus = usable_cpus()
        if self.threads is not None and not 1 <= self.threads <= cpus:
            raise ValueError(f"threads must lie between 1 and {cpus}, the CPUs of this process, not be {self.threads:,}")
        if self.reader_processes_after is not None and self.runtime != "onnx":
            raise ValueError("reader processes are of the runtime onnx: a GPU is not shared with other processes")
        if self.cache_bytes < 0:
            raise ValueError(f"cache_bytes must be at least 0, not {self.cache_bytes:,}")
        if not 0 <= self.drain_seconds < float("inf"):
            raise ValueError(f"drain_seconds must be a number from 0 on, not {self.drain_seconds}")
        if self.max_connection_seconds is not None and not 1 <= self.max_connection_seconds <= _LONGEST_SECONDS:
            raise ValueError(
                f"max_connection_seconds must lie between 1 and {_LONGEST_SECONDS:,}, not be {self.max_connection_seconds}"
            )
        if self.metrics_listen is not None:
            host_and_port(self.metrics_listen)
        if _stays_on_this_machine(self.listen) or self.insecure:
            return
        if self.tls is None:
            raise ValueError(
                f"{self.listen} can be reached from other machines and nothing would be encrypted: "
                "give --tls-certificate and --tls-key, listen on 127.0.0.1 or unix:PATH, or say --insecure"
            )
        if self.tokens is None and self.tls.client_ca is None:
            raise ValueError(
                f"{self.listen} can be reached from other machines and anybody could call: "
                "give --tokens or --tls-client-ca, listen on 127.0.0.1 or unix:PATH, or say --insecure"
            )


def host_and_port(listen: str) -> tuple[str, int]:
    """Return the two parts of "HOST:PORT"; an address of IPv6 stands in brackets there, and without them here.

    Raises:
        ValueError: It is none.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{listen!r} is no address: write HOST:PORT")
    return host.strip("[]"), int(port)


def _stays_on_this_machine(listen: str) -> bool:
    """Tell whether only this machine can reach `listen`; a name other than localhost may resolve to anything."""
    if listen.startswith("unix:"):
        if not listen.removeprefix("unix:"):
            raise ValueError("unix: needs the path of a socket")
        return True
    try:
        host, _ = host_and_port(listen)
    except ValueError as error:
        raise ValueError(f"{error} or unix:PATH") from None
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
