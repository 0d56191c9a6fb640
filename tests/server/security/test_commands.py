"""The client's commands, asking a real server that wants a token and a certificate."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from guillemet_client.cli import application

if TYPE_CHECKING:
    from conftest import Authority, Secured, TokenFile

    Start = Callable[..., Secured]

TEXT = "« Nous partons », a dit Zoé Li."
QUOTATION = {"type": "direct", "spans": [[0, 16]], "cue": None, "source": None, "speaker": None}
GOLD = {"id": "a", "text": TEXT, "entities": [], "quotations": [QUOTATION]}


@pytest.fixture
def options(secured: "Start", authority: "Authority", tokens: "TokenFile", monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Start a server, and return the options that reach it."""
    token = tokens.add("newsroom")
    tls = authority.install(authority.issue("quotations.example"), client_ca=authority.roots)
    server = secured(tls=tls, tokens=tokens.path)
    caller = authority.issue("caller.example")
    monkeypatch.chdir(authority.folder)
    monkeypatch.delenv("GUILLEMET_TOKEN", raising=False)
    Path("ca.pem").write_bytes(authority.roots)
    Path("own.pem").write_bytes(caller.cert_chain_pems[0].bytes())
    Path("own.key").write_bytes(caller.private_key_pem.bytes())
    Path("token").write_text(f"{token}\n", encoding="utf-8")
    Path("a.txt").write_text(TEXT, encoding="utf-8")
    Path("gold.jsonl").write_text(json.dumps(GOLD), encoding="utf-8")
    of_tls = ["--tls-ca", "ca.pem", "--tls-certificate", "own.pem", "--tls-key", "own.key", "--tls-name", "quotations.example"]
    return ["--server", server.address, *of_tls, "--token-file", "token"]


def guillemet(*arguments: str) -> Result:
    return CliRunner().invoke(application(), [*arguments])


@pytest.mark.parametrize(
    "command",
    [
        ["extract", "a.txt"],
        ["model"],
        ["view", "a.txt", "--output", "page.html"],
        ["batch", "a.txt", "--output", "out.jsonl"],
        ["evaluate", "gold.jsonl", "--resamples", "1"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_reaches_a_secured_server(command: list[str], options: list[str]) -> None:
    done = guillemet(*command, *options)

    assert (done.exit_code, done.stderr) == (0, "")


def test_without_the_token_or_the_certificate_no_command_does(options: list[str]) -> None:
    without_token = guillemet("model", *options[:-2])
    without_certificate = guillemet("model", *options[:4], *options[8:], "--timeout", "5")

    assert (without_token.exit_code, without_token.stderr.count("\n")) == (1, 1)
    assert "callers need a token here" in without_token.stderr
    assert (without_certificate.exit_code, without_certificate.stderr.count("\n")) == (1, 1)
    assert "cannot be reached" in without_certificate.stderr
