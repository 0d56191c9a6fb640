"""A real server with certificates and tokens that are made for the test, and whoever wants to call it."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import trustme

from guillemet_server.background import BackgroundServer, background_server
from guillemet_server.config import Limits, ServerConfig, TLSFiles
from guillemet_server.logs import json_logger
from guillemet_server.observability.tracing import Tracing
from guillemet_server.security.tokens import new_token, table_of
from guillemet_server.serving import Server

if TYPE_CHECKING:
    from conftest import RegexReader


class Authority:
    """Makes certificates, and lays them where a server reads them."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.folder = folder
        self.roots = self._ca.cert_pem.bytes()

    def issue(self, name: str = "localhost", *, expired: bool = False) -> trustme.LeafCert:
        """Issue a certificate."""
        yesterday = datetime.now(UTC) - timedelta(days=1)
        dates = {"not_before": yesterday - timedelta(days=1), "not_after": yesterday} if expired else {}
        return self._ca.issue_cert(name, **dates)

    def install(self, certificate: trustme.LeafCert | None = None, *, client_ca: bytes | None = None) -> TLSFiles:
        """Write the files of a server, each in one step, and return where they are."""
        certificate = certificate or self.issue()
        files = {"server.pem": certificate.cert_chain_pems[0].bytes(), "server.key": certificate.private_key_pem.bytes()}
        for name, data in (files if client_ca is None else {**files, "callers.pem": client_ca}).items():
            replace_file(self.folder / name, data)
        callers = None if client_ca is None else self.folder / "callers.pem"
        return TLSFiles(certificate=self.folder / "server.pem", key=self.folder / "server.key", client_ca=callers)

    def trusted(self, caller: trustme.LeafCert | None = None) -> grpc.ChannelCredentials:
        """Return the credentials of a client that trusts this authority, and shows a certificate if it has one."""
        if caller is None:
            return grpc.ssl_channel_credentials(self.roots)
        key, chain = caller.private_key_pem.bytes(), caller.cert_chain_pems[0].bytes()
        return grpc.ssl_channel_credentials(self.roots, private_key=key, certificate_chain=chain)


class TokenFile:
    """The tokens that a server knows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tables: dict[str, str] = {}

    def add(self, name: str, *, tokens_per_second: float | None = None) -> str:
        """Let a caller in, with that token alone, and return it."""
        token = new_token()
        self._tables[name] = table_of(name, token, tokens_per_second)
        self._write()
        return token

    def revoke(self, name: str) -> None:
        """Let a caller in no more."""
        del self._tables[name]
        self._write()

    def _write(self) -> None:
        replace_file(self.path, "\n".join(self._tables.values()).encode())


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file in one step, as whoever rotates certificates should."""
    beside = path.with_suffix(".new")
    beside.write_bytes(data)
    os.replace(beside, path)  # noqa: PTH105 (what a shell's mv does)


@dataclass(frozen=True)
class Secured:
    """A running server."""

    running: BackgroundServer
    log: io.StringIO
    stop: Callable[[], None]  # and wait until it has ended

    @property
    def server(self) -> Server:
        """What runs."""
        return self.running.server

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.running.address

    def lines(self, event: str) -> list[str]:
        """Return the lines of the log about an event."""
        return [line for line in self.log.getvalue().splitlines() if f'"event": "{event}"' in line]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "tokens.toml")


@pytest.fixture
def replace_with() -> Callable[[Path, bytes], None]:
    """Replace a file in one step."""
    return replace_file


@pytest.fixture
def secured(reader: "RegexReader") -> Iterator[Callable[..., Secured]]:
    """Return a function that starts a server on loopback."""
    with ExitStack() as stack:

        def start(*, limits: Limits | None = None, tracing: Tracing | None = None, **config: Any) -> Secured:
            log = io.StringIO()
            config.setdefault("listen", "localhost:0")
            chosen = ServerConfig(limits=limits or Limits(), drain_seconds=5.0, **config)
            logger = json_logger("debug", log)
            running = stack.enter_context(background_server(chosen, log=logger, load=lambda: reader, tracing=tracing))
            return Secured(running, log, stack.close)

        stack.callback(reader.release)
        yield start
