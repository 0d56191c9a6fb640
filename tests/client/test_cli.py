import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
import trustme
import typer
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, load_pem_private_key

from guillemet_client import cli, connecting

ARTICLE = "\ufeffJeanne Morvan l’a dit 🎤 :\r\n« Non\u00a0! » Puis : « Oui. »"


class Outcome(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


Guillemet = Callable[..., Outcome]


@pytest.fixture
def extensions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What other packages add: the name of a command, or "embedded", and what its entry point loads or raises."""
    added: dict[str, Any] = {}

    class Fake(EntryPoint):
        def load(self) -> Any:
            if isinstance(added[self.name], Exception):
                raise added[self.name]
            return added[self.name]

    def entry_points(*, group: str) -> list[EntryPoint]:
        return [Fake(name, "", group) for name in added if (name == "embedded") == (group == "guillemet.embedded")]

    monkeypatch.setattr(cli, "entry_points", entry_points)
    monkeypatch.setattr(connecting, "entry_points", entry_points)
    return added


@pytest.fixture
def guillemet(
    extensions: dict[str, Any],  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Guillemet:
    """Run the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("GUILLEMET_TOKEN", raising=False)

    def run(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["guillemet", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Outcome(code if isinstance(code, int) else 0, out, err)

    return run


def write(name: str, text: str | bytes) -> str:
    Path(name).write_bytes(text.encode() if isinstance(text, str) else text)
    return name


# Answers


def test_jsonl_is_a_line_a_file_in_the_one_format(guillemet: Guillemet, address: str) -> None:
    files = [write("a.txt", ARTICLE), "-", write("b.txt", "Rien.")]

    done = guillemet("extract", *files, "--format", "jsonl", "--server", address, stdin="« Oui »".encode())

    assert (done.code, done.err) == (0, "")
    first, second, third = map(json.loads, done.out.splitlines())
    assert [first["id"], second["id"], third["id"]] == ["a.txt", "stdin", "b.txt"]
    assert first["text"] == ARTICLE
    [begin, end] = first["quotations"][0]["spans"][0]
    assert ARTICLE[begin:end] == "« Non\u00a0! »"
    assert third["quotations"] == []


def test_json_adds_the_words(guillemet: Guillemet, address: str) -> None:
    done = guillemet("extract", write("a.txt", ARTICLE), "--format", "json", "--server", address)

    [first, _] = json.loads(done.out)["quotations"]
    assert (first["text"], first["speaker_name"], first["speaker"]) == ("« Non\u00a0! »", "Jeanne Morvan", "e1")
    assert (first["cue_text"], first["source_text"]) == (None, "Jeanne Morvan")
    assert (first["speaker_role"], first["speaker_institution"]) == (None, None)


def test_json_of_several_files_is_a_list(guillemet: Guillemet, address: str) -> None:
    files = [write("a.txt", ARTICLE), "missing.txt"]

    done = guillemet("extract", *files, "--format", "json", "--server", address)

    assert done.code == 1
    assert [document["id"] for document in json.loads(done.out)] == ["a.txt"]


def test_text_is_made_to_be_read(guillemet: Guillemet, address: str) -> None:
    words = "« " + "Le lac\r\nest fermé. " * 5 + "[red]Non\x1b[31m[/red] »"

    done = guillemet("extract", write("a.txt", f"Jeanne Morvan : {words}"), "--server", address)

    lines = done.out.splitlines()
    assert lines[0] == "Jeanne Morvan"
    assert lines[1].startswith("  direct · source: Jeanne Morvan · probability 0.88")
    assert "[red]Non\ufffd[31m[/red] »" in done.out
    assert "\x1b" not in done.out
    assert all(len(line) <= 60 and line == line.rstrip() for line in lines)


def test_text_names_the_files_where_there_are_several(guillemet: Guillemet, address: str) -> None:
    done = guillemet("extract", write("a.txt", "Rien."), write("b.txt", "« Oui »"), "--server", address)

    assert done.out.splitlines()[:5] == ["a.txt", "no quotation found", "", "b.txt", "speaker not said"]


def test_a_least_probability_is_passed_on(guillemet: Guillemet, address: str, service: Any) -> None:
    guillemet("extract", write("a.txt", ARTICLE), "--server", address, "--min-probability", "0.5")

    assert service.requests[0].options.min_probability == 0.5


def test_the_model(guillemet: Guillemet, address: str) -> None:
    done = guillemet("model", "--server", address)

    assert json.loads(done.out)["max_batch_documents"] == 3


def test_without_a_server_an_embedded_one_answers(guillemet: Guillemet, address: str, extensions: dict[str, Any]) -> None:
    ended = []

    @contextmanager
    def embedded() -> Iterator[str]:
        yield address
        ended.append(True)

    extensions["embedded"] = embedded

    done = guillemet("extract", write("a.txt", "« Oui »"))

    assert (done.code, ended) == (0, [True])
    assert "« Oui »" in done.out


# Failures: one line each


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty; a text is accepted"),
        (b"\xef\xbb\xbf \r\n", "holds nothing but white space; a text is accepted"),
        ("« Été »".encode("latin-1"), "not UTF-8: byte 0xAB at byte offset 0; UTF-8 text is accepted"),
        (b"refuse TEXT_ODD", "refused"),
    ],
)
def test_a_bad_file_costs_one_line_and_no_other_file(guillemet: Guillemet, address: str, content: bytes, sentence: str) -> None:
    files = [write("bad.txt", content), write("good.txt", "« Oui »")]

    done = guillemet("extract", *files, "--format", "jsonl", "--server", address)

    assert (done.code, done.err) == (1, f"guillemet: bad.txt: {sentence}\n")
    assert json.loads(done.out)["id"] == "good.txt"


def test_a_file_that_cannot_be_read(guillemet: Guillemet, address: str) -> None:
    done = guillemet("extract", "missing.txt", ".", "nul\0.txt", "--server", address)

    assert done.code == 1
    assert [line.partition(" (")[0] for line in done.err.splitlines()] == [
        "guillemet: missing.txt: cannot be read",
        "guillemet: .: cannot be read",
        "guillemet: nul\0.txt: cannot be read",
    ]


def test_a_server_that_is_not_there(guillemet: Guillemet) -> None:
    done = guillemet("extract", write("a.txt", "« Oui »"), "--server", "unix:/nowhere/x.sock")

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert done.err.startswith("guillemet: a.txt: the server at unix:/nowhere/x.sock cannot be reached")


def test_a_failure_of_the_server(guillemet: Guillemet, address: str, service: Any, new_status: Callable[..., Any]) -> None:
    service.failures.append(new_status(grpc.StatusCode.INTERNAL, "INTERNAL", "the server failed"))

    done = guillemet("model", "--server", address)

    assert (done.code, done.err) == (1, "guillemet: the server failed\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("extract",),
        ("extract", "-", "--min-probability", "2"),
        ("extract", "-", "--format", "xml"),
        ("nothing",),
        ("--nothing",),
    ],
)
def test_usage_errors_exit_with_2(guillemet: Guillemet, arguments: tuple[str, ...]) -> None:
    assert guillemet(*arguments).code == 2


def test_what_is_no_address(guillemet: Guillemet) -> None:
    done = guillemet("extract", "-", "--server", "localhost")

    assert (done.code, done.err) == (2, "guillemet: --server: 'localhost' is no address; HOST:PORT and unix:PATH are\n")


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


# What else may be installed


def test_the_version(guillemet: Guillemet) -> None:
    assert guillemet("--version").out.startswith("guillemet ")


def test_an_installed_package_adds_its_commands(guillemet: Guillemet, extensions: dict[str, Any]) -> None:
    def add_commands(app: typer.Typer) -> None:
        @app.command()
        def serve() -> None:
            typer.echo("serving")

    extensions["serve"] = add_commands

    assert guillemet("serve").out == "serving\n"


def test_a_missing_extra_is_one_line_when_its_command_is_called(guillemet: Guillemet, extensions: dict[str, Any]) -> None:
    extensions["serve"] = ModuleNotFoundError("No module named 'structlog'", name="structlog")

    called = guillemet("serve", "--listen", "127.0.0.1:0")

    assert (called.code, called.out) == (2, "")
    assert called.err == "guillemet serve needs the server: pip install 'guillemet[server]'\n"
    assert guillemet("--help").code == 0


def test_an_extra_that_is_missed_only_later(guillemet: Guillemet, extensions: dict[str, Any]) -> None:
    def add_commands(app: typer.Typer) -> None:
        @app.command()
        def train() -> None:
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

    extensions["train"] = add_commands

    called = guillemet("train")

    assert (called.code, called.err) == (2, "guillemet train needs the training packages: pip install 'guillemet[train]'\n")


@pytest.mark.parametrize("missing", [True, False])
def test_no_server_and_none_to_embed(guillemet: Guillemet, extensions: dict[str, Any], *, missing: bool) -> None:
    if missing:
        extensions["embedded"] = ModuleNotFoundError("No module named 'structlog'", name="structlog")

    done = guillemet("extract", write("a.txt", "« Oui »"))

    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "--server" in done.err
    assert "pip install 'guillemet[server]'" in done.err


def test_an_embedded_model_that_does_not_start(guillemet: Guillemet, extensions: dict[str, Any]) -> None:
    @contextmanager
    def embedded() -> Iterator[str]:
        raise RuntimeError("no model folder")
        yield

    extensions["embedded"] = embedded

    done = guillemet("extract", write("a.txt", "« Oui »"))

    assert (done.code, done.err) == (2, "guillemet: the embedded model does not start: no model folder\n")
