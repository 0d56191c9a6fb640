"""What ``guillemet evaluate`` refuses, and what it says of what fails."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from guillemet_evaluation import Document

Evaluate = Callable[..., Result]
Write = Callable[[str, Sequence[Document]], str]


MALFORMED = {
    "truncated": (lambda line: line[: len(line) // 2], "line 1: is cut off in the middle of a JSON value"),
    "of another encoding": (lambda line: line.decode().encode("latin-1"), "line 1: is not UTF-8: byte 0xE9"),
    "empty": (lambda _: b"", "holds no document; at least one is needed"),
    "no object": (lambda _: b"[]", "line 1: is a list; an object is accepted"),
    "twice the same": (lambda line: line * 2, "line 2, id: is the id of line 1, too"),
    "of a wrong type": (lambda line: line.replace(b'"direct"', b'"citation"'), "quotations[0].type: is citation; direct, "),
    "of an unknown entity": (lambda line: line.replace(b'"speaker": "e2"', b'"speaker": "e9"'), "e9 is no entity"),
    "outside the text": (lambda line: line.replace(b"[[132, ", b"[[1320, "), "quotations[2].spans[0]: [1320, "),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_gold_ends_with_a_clear_message(name: str, run: Evaluate, port: Document) -> None:
    spoil, said = MALFORMED[name]
    line = json.dumps(port.to_json(), ensure_ascii=False).encode() + b"\n"
    Path("gold.jsonl").write_bytes(spoil(line))

    done = run("gold.jsonl", "--predictions", "gold.jsonl")

    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert all(sentence.startswith("guillemet: gold.jsonl: ") for sentence in done.stderr.splitlines())


def test_gold_that_is_no_file_is_refused(run: Evaluate) -> None:
    done = run("missing.jsonl")

    assert done.exit_code == 2
    assert done.stderr == (
        "guillemet: missing.jsonl: cannot be read (No such file or directory); a readable file of JSON lines is accepted\n"
    )


@pytest.mark.usefixtures("gold")
@pytest.mark.parametrize(("arguments", "name"), [(("",), "GOLD"), (("gold.jsonl", "--predictions", ""), "--predictions")])
def test_an_empty_path_is_refused(run: Evaluate, arguments: tuple[str, ...], name: str) -> None:
    done = run(*arguments)

    assert done.exit_code == 2
    assert re.search(rf"Invalid value for '{name}': an empty path; a file is accepted", done.stderr)


def test_predictions_of_other_documents_are_refused(run: Evaluate, write: Write, gold: list[Document]) -> None:
    file = write("predictions.jsonl", [replace(gold[0], id="other")])

    for arguments in (["--predictions", file], ["--compare", "gold.jsonl", file]):
        done = run("gold.jsonl", *arguments)
        assert done.exit_code == 2
        assert done.stderr == (
            "guillemet: predictions.jsonl: document other, id: is predicted, but no gold document has this id\n"
        )


MISUSES = [
    (["--predictions", "p", "--server", "localhost:1"], "only one of --server, --predictions and --compare is accepted"),
    (["--predictions", "p", "--compare", "a", "b"], "only one of --server, --predictions and --compare is accepted"),
    (["--predictions", "p", "--save-predictions", "s"], "--save-predictions and --min-probability are for a server"),
    (["--compare", "a", "b", "--min-probability", "0.5"], "--save-predictions and --min-probability are for a server"),
    (["--predictions", "p", "--format", "bio"], "--format bio is only written; guillemet, brat, "),
    (["--format", "brat"], "--format is for --predictions or --compare"),
    (["--compare", "a", "b", "--report", "r"], "--report is of one system, not of --compare"),
    (["--compare", "a", "b", "--curves", "c.svg"], "--curves is of one system, not of --compare"),
    (["--predictions", "p", "--curves", "c.png"], "--curves: c.png is no .svg, and nothing else is written"),
    (["--report", "x.svg", "--curves", "x.svg"], "--curves: x.svg is --report, too; another file is accepted"),
    (["--predictions", "p", "--report", "nowhere/r.html"], "--report: nowhere/r.html cannot be written"),
    (["--server", "localhost:port"], "--server: "),
    (["--server", "localhost:1", "--save-predictions", "nowhere/s"], "--save-predictions: nowhere/s cannot be written"),
    (["--save-predictions", "gold.jsonl"], "--save-predictions: gold.jsonl is GOLD, too; another file is accepted"),
    (["--predictions", "p", "--report", "./p"], "--report: p is --predictions, too; another file is accepted"),
    (["--save-predictions", "x", "--report", "x"], "--report: x is --save-predictions, too; another file is accepted"),
    (["--predictions", "gold.jsonl", "--report", "gold.jsonl"], "--report: gold.jsonl is GOLD, too; another file"),
]


@pytest.mark.usefixtures("gold")
@pytest.mark.parametrize(("arguments", "said"), MISUSES, ids=[" ".join(arguments) for arguments, _ in MISUSES])
def test_misuse_is_refused_in_one_line(arguments: list[str], said: str, run: Evaluate) -> None:
    done = run("gold.jsonl", *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"guillemet: {said}")
    assert done.stderr.count("\n") == 1


# What fails


def test_a_document_that_the_server_refuses_is_said_and_counts_as_missing(
    run: Evaluate, write: Write, gold: list[Document], address: str
) -> None:
    long = replace(gold[1], text=gold[1].text + " " * 1000)
    write("gold.jsonl", [gold[0], long])

    done = run("gold.jsonl", "--server", address)

    assert done.exit_code == 1
    assert done.stderr.startswith("guillemet: document d1: ")
    assert done.stderr.count("\n") == 1
    assert "Without a prediction, counted as without quotations: d1." in done.stdout


@pytest.mark.usefixtures("gold")
def test_without_a_server_nothing_is_measured(run: Evaluate) -> None:
    done = run("gold.jsonl", "--server", "127.0.0.1:1")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("guillemet: the server at 127.0.0.1:1 cannot be reached")
    assert done.stderr.count("\n") == 1
