"""What a server is told at its start. Nothing heavy: the command line reads it before it needs a server."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from guillemet_models.cpus import usable_cpus

# The widest number that the contract's uint32 fields carry; offsets may need four bytes for a code point.
_UINT32_MAX = 2**32 - 1
_INT32_MAX = 2**31 - 1  # gRPC's own of message sizes
_UTF8_BYTES_PER_CHARACTER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the server refuses, published by ``GetModel``.

    Raises:
        ValueError: Two limits contradict each other; the message says which.
    """

    max_document_characters: int = 1_000_000
    max_batch_documents: int = 256
    max_batch_tokens: int = 16_384
    max_queue_tokens: int = 1_000_000
    max_request_bytes: int = 16 * 2**20
    max_stream_documents: int = 64

    def __post_init__(self) -> None:
        for field in self.__slots__:
            most = _INT32_MAX if field == "max_request_bytes" else _UINT32_MAX
            if not 1 <= getattr(self, field) <= most:
                raise ValueError(f"{field} must lie between 1 and {most:,}, not be {getattr(self, field):,}")
        if self.max_batch_tokens > self.max_queue_tokens:
            raise ValueError(
                f"a batch of {self.max_batch_tokens:,} tokens can never form in a queue of {self.max_queue_tokens:,}: "
                "raise the queue tokens or lower the batch tokens"
            )
        widest = self.max_document_characters * _UTF8_BYTES_PER_CHARACTER
        if widest > self.max_request_bytes:
            raise ValueError(
                f"a document of {self.max_document_characters:,} characters may take {widest:,} bytes, "
                f"more than the {self.max_request_bytes:,} of a request: raise the request bytes or lower the characters"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Where and what to serve.

    Raises:
        ValueError: The address would be open to other machines without `insecure`, or a number makes no sense.
    """

    listen: str  # "HOST:PORT" or "unix:PATH"
    model: Path | None = None  # None: the embedded model
    threads: int | None = None  # None: the CPUs this process may use
    limits: Limits = Limits()
    cache_bytes: int = 0  # of answers that are kept; 0: none is
    drain_seconds: float = 30.0
    reflection: bool = True
    insecure: bool = False

    def __post_init__(self) -> None:
        if self.threads is not None and not 1 <= self.threads <= (cpus := usable_cpus()):
            raise ValueError(f"threads must lie between 1 and {cpus}, the CPUs of this process, not be {self.threads:,}")
        if self.cache_bytes < 0:
            raise ValueError(f"cache bytes must be at least 0, not {self.cache_bytes:,}")
        if not 0 <= self.drain_seconds < float("inf"):
            raise ValueError(f"drain seconds must be a number from 0 on, not {self.drain_seconds}")
        if not _stays_on_this_machine(self.listen) and not self.insecure:
            raise ValueError(
                f"{self.listen} can be reached from other machines and nothing would be encrypted: "
                "listen on 127.0.0.1 or unix:PATH, or say --insecure"
            )


def _stays_on_this_machine(listen: str) -> bool:
    """Tell whether only this machine can reach `listen`; a name other than localhost may resolve to anything."""
    if listen.startswith("unix:"):
        if not listen.removeprefix("unix:"):
            raise ValueError("unix: needs the path of a socket")
        return True
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{listen!r} is no address: write HOST:PORT or unix:PATH")
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
