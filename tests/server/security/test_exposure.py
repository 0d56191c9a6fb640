"""What a server is open to, and the command that says so."""

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import guillemet_client as gc
from guillemet_server.config import ServerConfig, TLSFiles

if TYPE_CHECKING:
    from conftest import Authority, Secured, TokenFile

    Start = Callable[..., Secured]

WAIT = 60.0
TEXT = "« Nous serons prêts », a déclaré mardi Élisabeth Vasseur, ministre du Travail."
FILES = TLSFiles(certificate=Path("server.pem"), key=Path("server.key"))
ASKING = TLSFiles(certificate=Path("server.pem"), key=Path("server.key"), client_ca=Path("callers.pem"))
TOKENS = Path("tokens.toml")
OPEN = ["0.0.0.0:50051", "[::]:50051", "quotations.example:50051", "192.0.2.1:50051"]
CLOSED = ["127.0.0.1:50051", "[::1]:50051", "localhost:50051", "unix:server.sock"]


@pytest.mark.parametrize("listen", OPEN)
@pytest.mark.parametrize(
    ("tls", "tokens", "complaint"),
    [
        (None, None, "nothing would be encrypted"),
        (None, TOKENS, "nothing would be encrypted"),
        (FILES, None, "anybody could call"),
    ],
)
def test_what_would_be_open_to_other_machines_is_not_served(
    listen: str, tls: TLSFiles | None, tokens: Path | None, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        ServerConfig(listen=listen, tls=tls, tokens=tokens)
    assert "--insecure" in str(caught.value)

    assert ServerConfig(listen=listen, tls=tls, tokens=tokens, insecure=True)


@pytest.mark.parametrize(("tls", "tokens"), [(FILES, TOKENS), (ASKING, None), (ASKING, TOKENS)])
def test_a_server_that_encrypts_and_knows_its_callers_may_be_open(tls: TLSFiles, tokens: Path | None) -> None:
    for listen in OPEN:
        assert ServerConfig(listen=listen, tls=tls, tokens=tokens)


@pytest.mark.parametrize("listen", CLOSED)
def test_within_the_machine_nothing_is_asked_for(listen: str) -> None:
    assert ServerConfig(listen=listen)


def test_an_old_version_of_tls_is_refused(secured: "Start", authority: "Authority") -> None:
    server = secured(tls=authority.install())
    host, _, port = server.address.rpartition(":")
    # RFC 5246, 7.4.1.2, of TLS 1.1: a random number, no session, three ciphers of that time, no compression.
    hello = b"\x03\x02" + bytes(32) + b"\x00" + b"\x00\x06\xc0\x14\xc0\x0a\x00\x2f" + b"\x01\x00"
    message = b"\x01" + len(hello).to_bytes(3, "big") + hello

    with socket.create_connection((host, int(port)), timeout=WAIT) as connection:
        connection.sendall(b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message)
        assert connection.recv(1) == b""

    # The oldest that is taken.
    context = ssl.create_default_context(cadata=authority.roots.decode())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((host, int(port)), timeout=WAIT) as connection,
        context.wrap_socket(connection, server_hostname=host) as encrypted,
    ):
        assert encrypted.version() == "TLSv1.2"


def command(folder: Path, *options: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-m", "guillemet_server", *options], stderr=subprocess.PIPE, text=True, env=environment, cwd=folder
    )


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[dict[str, object]]:
    with command(folder, *options) as process:
        try:
            for line in process.stderr:
                if (said := json.loads(line))["event"] == "serving":
                    break
            yield said
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--tls-certificate", "server.pem"], "both --tls-certificate and --tls-key"),
        (["--tls-key", "server.key"], "both --tls-certificate and --tls-key"),
        (["--tls-client-ca", "callers.pem"], "both --tls-certificate and --tls-key"),
        (["--tls-certificate", "missing.pem", "--tls-key", "server.key"], "missing.pem: No such file or directory"),
        (["--tokens", "missing.toml"], "missing.toml: No such file or directory"),
        (["--tokens", "server.key"], "server.key: "),
        (["--listen", "0.0.0.0:0", "--tokens", "tokens.toml"], "nothing would be encrypted"),
        (["--metrics-listen", "9464"], "HOST:PORT"),
        (["--metrics-listen", "203.0.113.1:9464"], "cannot listen on 203.0.113.1:9464"),
        (["--max-connections", "0"], "--max-connections must lie between 1"),
        (["--max-header-bytes", "3000000000"], "--max-header-bytes must lie between 1"),
        (["--max-connection-seconds", "0.5"], "--max-connection-seconds must lie between 1"),
    ],
)
def test_what_would_not_be_secure_is_said_in_one_line(
    options: list[str], sentence: str, authority: "Authority", tokens: "TokenFile"
) -> None:
    authority.install(client_ca=authority.roots)
    tokens.add("newsroom")
    listen = [] if "--listen" in options else ["--listen", "127.0.0.1:0"]

    with command(authority.folder, *listen, *options) as process:
        _, said = process.communicate(timeout=WAIT)

    assert process.returncode == 2
    assert sentence in said
    assert said.startswith("guillemet serve: ")
    assert said.count("\n") == 1


def test_the_command_serves_whom_its_files_let_in(authority: "Authority", tokens: "TokenFile") -> None:
    authority.install()
    token = tokens.add("newsroom")
    options = ["--tls-certificate", "server.pem", "--tls-key", "server.key", "--tokens", "tokens.toml"]

    with serving(authority.folder, "--listen", "localhost:0", "--metrics-listen", "127.0.0.1:0", *options) as said:
        assert (said["tls"], said["tokens"]) == (True, True)
        assert str(said["metrics_address"]).startswith("127.0.0.1:")
        address, tls = str(said["address"]), gc.TLS(roots=authority.roots)
        with gc.Client(address, tls=tls, token=gc.Token(token), timeout=WAIT) as caller:
            assert caller.extract(TEXT).quotations
        with gc.Client(address, tls=tls, timeout=WAIT) as stranger, pytest.raises(gc.Unauthenticated):
            stranger.extract(TEXT)
