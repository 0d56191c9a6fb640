"""``guillemet health``, against a real server."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
import typer
from typer.testing import CliRunner

from guillemet_server.background import background_server
from guillemet_server.cli import add_commands
from guillemet_server.config import ServerConfig, TLSFiles
from guillemet_server.logs import json_logger

if TYPE_CHECKING:
    from conftest import RegexReader, Served


APP = typer.Typer()
add_commands(APP)


def health(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(APP, ["health", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("service", ["", "guillemet.v1.ModelService"])
def test_a_ready_server_is_healthy(served: "Served", service: str) -> None:
    assert health(served.running.address, "--service", service) == (0, "SERVING\n", "")


def test_nobody_there_is_said_in_a_line(tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/nobody"

    code, _, sentence = health(address)

    assert code == 1
    assert sentence.startswith(f"guillemet health: {address}: UNAVAILABLE: ")
    assert "No such file or directory" in sentence
    assert sentence.count("\n") == 1


def test_an_unknown_service_is_not_healthy(served: "Served") -> None:
    address = served.running.address

    assert health(address, "--service", "none") == (1, "", f"guillemet health: {address}: it knows no service 'none'\n")


def test_a_draining_server_is_not_healthy(served: "Served") -> None:
    served.reader.hold()
    answer = served.extract_later()
    served.reader.wait_until_begun()
    served.running.stop()
    outcome = health(served.running.address)
    served.reader.release()

    assert outcome == (1, "NOT_SERVING\n", "")
    assert answer.result().result.quotations


def test_a_server_with_certificates_is_asked_over_tls(tmp_path: Path, reader: "RegexReader") -> None:
    authority = trustme.CA()
    server, client = authority.issue_cert("guillemet.example"), authority.issue_cert("probe.example")
    paths = {name: tmp_path / f"{name}.pem" for name in ("ca", "chain", "key", "own-chain", "own-key")}
    authority.cert_pem.write_to_path(str(paths["ca"]))
    for chain, key, cert in (("chain", "key", server), ("own-chain", "own-key", client)):
        cert.cert_chain_pems[0].write_to_path(str(paths[chain]))
        cert.private_key_pem.write_to_path(str(paths[key]))
    tls = TLSFiles(certificate=paths["chain"], key=paths["key"], client_ca=paths["ca"])
    config = ServerConfig(listen="127.0.0.1:0", tls=tls)
    with background_server(config, log=json_logger("error"), load=lambda: reader) as running:
        asked = [running.address, "--tls-ca", str(paths["ca"]), "--tls-name", "guillemet.example", "--timeout", "5"]
        shown = ["--tls-certificate", str(paths["own-chain"]), "--tls-key", str(paths["own-key"])]

        assert health(*asked, *shown) == (0, "SERVING\n", "")
        assert health(*asked[:-1], "0.5")[0] == 1
        assert health(*asked, "--tls-key", str(tmp_path / "none"))[0] == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["foo"], "'foo' is no address; HOST:PORT and unix:PATH are"),
        ([":1"], "':1' is no address; HOST:PORT and unix:PATH are"),
        (["unix:"], "'unix:' is no address; HOST:PORT and unix:PATH are"),
        (["http://localhost:1"], "'http://localhost:1' is no address; HOST:PORT and unix:PATH are"),
        (["127.0.0.1:99999"], "'127.0.0.1:99999' is no address; HOST:PORT and unix:PATH are"),
        (["127.0.0.1:0"], "'127.0.0.1:0' is no address; HOST:PORT and unix:PATH are"),
        (["--timeout", "-1"], "--timeout must be a number of seconds above 0, not -1"),
        (["--timeout", "nan"], "--timeout must be a number of seconds above 0, not nan"),
        (["--timeout", "inf"], "--timeout must be a number of seconds above 0, not inf"),
        (["--tls-ca", "missing.pem"], "missing.pem: No such file or directory"),
        (["--tls-ca", "none.pem"], "none.pem: no PEM, which has a line -----BEGIN …"),
        (["--tls-ca", "junk.pem"], "junk.pem: no certificates of authorities, or damaged"),
        (["--tls-key", "junk.pem"], "--tls-certificate and --tls-key go together: give both"),
        (["--tls-certificate", "junk.pem"], "--tls-certificate and --tls-key go together: give both"),
        (
            ["--tls-certificate", "junk.pem", "--tls-key", "junk.pem"],
            "junk.pem and junk.pem: no certificate and its key, or damaged",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("none.pem").write_text("junk", encoding="utf-8")
    Path("junk.pem").write_text("-----BEGIN CERTIFICATE-----\njunk\n", encoding="utf-8")

    assert health(*arguments) == (2, "", f"guillemet health: {sentence}\n")


@pytest.mark.parametrize("options", [["--tls"], ["--tls-name", "guillemet.example"]])
def test_nothing_is_asked_in_plain_text_where_tls_is_meant(served: "Served", options: list[str]) -> None:
    assert health(served.running.address, *options, "--timeout", "0.5")[0] == 1


def test_it_is_a_command_of_its_own() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("guillemet"), "health", "--help"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0
    assert "ADDRESS" in done.stdout
