import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import typer

ARTICLE = "\ufeffJeanne Morvan l’a dit 🎤 :\r\n« Non\u00a0! » Puis : « Oui. »"


Guillemet = Callable[..., Any]


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


def test_a_name_longer_than_a_line_leaves_no_space_behind_one(
    guillemet: Guillemet, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "10")

    done = guillemet("extract", write("a.txt", "Jeanne Morvan : « Non »"), "--server", address)

    assert done.out.splitlines()[:2] == ["Jeanne", "Morvan"]


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


@pytest.mark.parametrize("name", ["a.jsonl", "A.NDJSON"])
def test_json_lines_are_no_text(guillemet: Guillemet, address: str, service: Any, name: str) -> None:
    done = guillemet("extract", write("a.txt", "« Oui »"), write(name, "{}"), "--server", address)

    assert (done.code, done.out, service.requests) == (2, "", [])
    assert done.err == (
        f"guillemet: {name}: JSON lines are no text; guillemet batch reads them, guillemet view shows those of the one format\n"
    )


def test_a_file_that_cannot_be_read(guillemet: Guillemet, address: str) -> None:
    done = guillemet("extract", "missing.txt", ".", "nul\0.txt", "", "--server", address)

    assert done.code == 1
    assert [line.partition(" (")[0] for line in done.err.splitlines()] == [
        "guillemet: missing.txt: cannot be read",
        "guillemet: .: cannot be read",
        "guillemet: nul\0.txt: cannot be read",
        'guillemet: "": an empty path; the path of a readable text file is accepted',
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
    "command", [("model",), ("extract", "a.txt"), ("view", "a.txt", "-o", "a.html"), ("batch", "a.txt", "-o", "a.csv")]
)
def test_a_token_that_is_missing(guillemet: Guillemet, address: str, service: Any, new_status: Any, command: Any) -> None:
    write("a.txt", "« Oui »")
    service.failures.append(new_status(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING", "a token is needed"))

    done = guillemet(*command, "--server", address)

    assert done.code == 1
    assert done.err.endswith("a token is needed; --token-file FILE or GUILLEMET_TOKEN sends it\n")


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
    assert called.err == "guillemet serve needs the server: install guillemet with its extra 'server'\n"
    assert guillemet("--help").code == 0


def test_an_extra_that_is_missed_only_later(guillemet: Guillemet, extensions: dict[str, Any]) -> None:
    def add_commands(app: typer.Typer) -> None:
        @app.command()
        def train() -> None:
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

    extensions["train"] = add_commands

    called = guillemet("train")

    assert (called.code, called.err) == (
        2,
        "guillemet train needs the training packages: install guillemet with its extra 'train'\n",
    )


@pytest.mark.parametrize("missing", [True, False])
def test_no_server_and_none_to_embed(guillemet: Guillemet, extensions: dict[str, Any], *, missing: bool) -> None:
    if missing:
        extensions["embedded"] = ModuleNotFoundError("No module named 'structlog'", name="structlog")

    done = guillemet("extract", write("a.txt", "« Oui »"))

    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "--server" in done.err
    assert "install guillemet with its extra 'server'" in done.err


def test_an_embedded_model_that_does_not_start(guillemet: Guillemet, extensions: dict[str, Any]) -> None:
    @contextmanager
    def embedded() -> Iterator[str]:
        raise RuntimeError("no model folder")
        yield

    extensions["embedded"] = embedded

    done = guillemet("extract", write("a.txt", "« Oui »"))

    assert (done.code, done.err) == (2, "guillemet: the embedded model does not start: no model folder\n")
