"""How commands reach a secured server, and what they refuse before they ask."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, load_pem_private_key

Guillemet = Callable[..., Any]


def write(name: str, text: str | bytes) -> str:
    Path(name).write_bytes(text.encode() if isinstance(text, str) else text)
    return name


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--tls-ca", "ca.pem"], "--tls-ca is for a --server, and none is named"),
        (["--tls-name", "a.example"], "--tls-name is for a --server, and none is named"),
        (["--token-file", "token"], "--token-file is for a --server, and none is named"),
        (["--server", "localhost:1", "--tls-ca", "missing"], "missing cannot be read (No such file or directory)"),
        (["--server", "localhost:1", "--tls-ca", "none"], "none: no certificates of authorities in PEM"),
        (["--server", "localhost:1", "--tls-ca", "junk"], "junk: no certificates of authorities in PEM"),
        (["--server", "localhost:1", "--tls-key", "key"], "--tls-certificate and --tls-key go together: give both"),
        (
            ["--server", "localhost:1", "--tls-certificate", "junk", "--tls-key", "none"],
            "junk and none: no certificate and its key in PEM",
        ),
        (
            ["--server", "localhost:1", "--tls-certificate", "chain", "--tls-key", "encrypted"],
            "encrypted: the key is encrypted; an unencrypted one is accepted",
        ),
        (["--server", "localhost:1", "--token-file", "missing"], "--token-file: missing cannot be read (No such file or"),
        (["--server", "localhost:1", "--token-file", "words"], "--token-file: words holds no token, which is printable ASCII"),
        (
            ["--server", "a.example:1", "--token-file", "token"],
            "the token of --token-file would go to a.example:1 unencrypted: give --tls, or --tls-ca FILE",
        ),
    ],
)
def test_a_secured_server_that_cannot_be_meant_is_refused_in_a_line(
    guillemet: Guillemet, arguments: list[str], sentence: str
) -> None:
    certificate = trustme.CA().issue_cert("caller.example")
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    write("chain", certificate.cert_chain_pems[0].bytes())
    write("encrypted", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"sesame")))
    write("junk", "-----BEGIN CERTIFICATE-----\njunk\n")
    write("none", "junk")
    write("token", "sesame\n")
    write("words", "open sesame")

    done = guillemet("model", *arguments)

    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(f"guillemet: {sentence}")
    assert "sesame" not in done.err


@pytest.mark.parametrize("command", ["extract", "batch", "view", "model"])
def test_every_command_that_asks_takes_the_options_of_a_secured_server(guillemet: Guillemet, command: str) -> None:
    described = guillemet(command, "--help").out

    for option in ("--server", "--tls", "--tls-ca", "--tls-certificate", "--tls-key", "--tls-name", "--token-file"):
        assert f"  {option} " in described


def test_a_token_comes_from_a_file_or_from_the_environment(
    guillemet: Guillemet, address: str, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    guillemet("model", "--server", address)
    monkeypatch.setenv("GUILLEMET_TOKEN", "of-the-environment")
    guillemet("model", "--server", address)
    guillemet("model", "--server", address, "--token-file", write("token", "of-the-file\n"))

    assert [headers.get("authorization") for headers in service.headers] == [
        None,
        "Bearer of-the-environment",
        "Bearer of-the-file",
    ]


def test_a_token_of_the_environment_does_not_leave_the_machine_unencrypted_either(
    guillemet: Guillemet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUILLEMET_TOKEN", "sesame")

    done = guillemet("model", "--server", "a.example:1")

    assert done.code == 2
    assert done.err == (
        "guillemet: the token of GUILLEMET_TOKEN would go to a.example:1 unencrypted: give --tls, or --tls-ca FILE\n"
    )
