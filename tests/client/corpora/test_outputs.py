"""What `guillemet batch` writes, and how it goes on with what is there."""

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guillemet_client import Client
from guillemet_client.corpora.journal import Journal

Batch = Callable[..., Any]
Read = Callable[[str], list[dict[str, Any]]]

TEXTS = [f"Jeanne Morvan 🎤 : « Oui\u00a0{number} » ; puis, « Non » ?\r\n" for number in range(5)] + ["Rien.", "« x »"]
ROWS = [{"id": f"d{number}", "text": text} for number, text in enumerate(TEXTS)]


@pytest.fixture(autouse=True)
def corpus(tmp_path: Path) -> Path:
    return write(tmp_path / "in.jsonl", ROWS)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8", newline="\n")
    return path


@pytest.fixture
def expected(address: str) -> list[dict[str, Any]]:
    """What the library answers."""
    with Client(address) as client:
        documents = client.extract_batch(TEXTS)
    return [document.to_json() | {"id": row["id"]} for document, row in zip(documents, ROWS, strict=True)]


# Formats


def test_jsonl_is_the_one_format_in_the_order_of_the_input(batch: Batch, read: Read, expected: Any, service: Any) -> None:
    service.hold = 3  # and answers them backwards

    done = batch("in.jsonl", "--output", "out.jsonl", "--concurrency", "3")

    assert (done.code, done.err) == (0, "")
    assert read("out.jsonl") == expected
    assert sorted(os.listdir()) == ["in.jsonl", "out.jsonl"]  # noqa: PTH208


def test_parquet_is_the_one_format_as_nested_columns(batch: Batch, expected: Any) -> None:
    batch("in.jsonl", "--output", "out.parquet")

    table = pq.read_table("out.parquet")
    assert table.to_pylist() == expected
    assert table.schema.field("quotations").type.value_type.field("spans").type == pa.list_(pa.list_(pa.int32()))
    assert sorted(os.listdir()) == ["in.jsonl", "out.parquet"]  # noqa: PTH208


def test_csv_is_a_row_a_quotation(batch: Batch) -> None:
    batch("in.jsonl", "--output", "out.csv")

    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["document"] for row in rows] == ["d0", "d0", "d1", "d1", "d2", "d2", "d3", "d3", "d4", "d4", "d6"]
    assert rows[0] == {
        "document": "d0",
        "quotation": "q1",
        "begin": "18",
        "end": "27",
        "text": "« Oui\u00a00 »",
        "type": "direct",
        "cue": "",
        "cue_begin": "",
        "cue_end": "",
        "source": "Jeanne Morvan",
        "source_begin": "0",
        "source_end": "13",
        "speaker": "Jeanne Morvan",
        "kind": "person",
        "role": "",
        "institution": "",
        "probability": "0.8765",
        "source_probability": "0.0",
        "speaker_probability": "0.0",
    }


@pytest.mark.parametrize(("output", "n_lines"), [("out.jsonl", 0), ("out.csv", 1)])
def test_a_corpus_without_documents(batch: Batch, output: str, n_lines: int) -> None:
    write(Path("empty.jsonl"), [])

    done = batch("empty.jsonl", "--output", output)

    assert (done.code, done.err) == (1, "guillemet: empty.jsonl: holds no document; one at least is accepted\n")
    assert done.out.startswith("documents     0\nquotations    0\ntop speakers  none\n")
    assert len(Path(output).read_text(encoding="utf-8").splitlines()) == n_lines


def test_the_summary(batch: Batch) -> None:
    batch("in.jsonl", "--output", "out.jsonl", "--limit", "2")

    done = batch("in.jsonl", "--output", "out.jsonl", "--resume")

    documents, quotations, speakers, speed = done.out.splitlines()
    assert documents == "documents     7, 2 of them from before"
    assert quotations == "quotations    11"
    assert speakers == "top speakers  Jeanne Morvan (10)"
    assert speed.endswith(" documents/s")


def test_a_least_probability_is_passed_on(batch: Batch, service: Any) -> None:
    batch("in.jsonl", "--output", "out.jsonl", "--min-probability", "0.5")

    assert service.requests[0].options.min_probability == 0.5


# Going on


def test_only_what_was_not_answered_is_asked_about(batch: Batch, read: Read, service: Any, expected: Any) -> None:
    write(Path("out.jsonl.partial"), expected[:3])

    batch("in.jsonl", "--output", "out.jsonl", "--resume")

    assert service.streams == [TEXTS[3:]]
    assert read("out.jsonl") == expected


@pytest.mark.parametrize("tail", [b"", b"\n", b"\0" * 50, b"\xe2", b'{"id": "d2", "text": ""}\n', b'["d2"]\n'])
def test_wherever_a_crash_cut_the_last_line_the_output_is_the_same(batch: Batch, tail: bytes, expected: Any) -> None:
    whole = write(Path("whole"), expected).read_bytes()

    for length in range(0, 2 * whole.index(b"\n"), 61):
        Path("out.jsonl.partial").write_bytes(whole[:length] + tail)
        assert batch("in.jsonl", "--output", "out.jsonl", "--resume").code == 0
        assert Path("out.jsonl").read_bytes() == whole
        Path("out.jsonl").unlink()


@pytest.mark.parametrize("output", ["out.jsonl", "out.parquet"])
def test_what_is_new_in_the_input_is_added_to_a_whole_output(batch: Batch, service: Any, output: str) -> None:
    batch("in.jsonl", "--output", output, "--limit", "4")
    batch("in.jsonl", "--output", "other" + output)
    service.streams.clear()

    batch("in.jsonl", "--output", output, "--resume")

    assert service.streams == [TEXTS[4:]]
    assert Path(output).read_bytes() == Path("other" + output).read_bytes()


@pytest.mark.parametrize("output", ["out.jsonl", "out.parquet"])
def test_an_answer_to_another_text_is_no_answer_to_this_one(batch: Batch, service: Any, output: str) -> None:
    rows = Path("rows.csv")
    rows.write_text("text\n« Un »\n« Deux »\n", encoding="utf-8")
    batch("rows.csv", "--output", output)
    before = Path(output).read_bytes()
    service.streams.clear()
    rows.write_text("text\n« Zéro »\n« Un »\n« Deux »\n", encoding="utf-8")

    done = batch("rows.csv", "--output", output, "--resume")

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "guillemet: rows.csv:1: its answer from before is of another text: restore the input, or --force begins anew\n"
    )
    assert (Path(output).read_bytes(), list(filter(None, service.streams))) == (before, [])
    assert sorted(os.listdir()) == ["in.jsonl", output, "rows.csv"]  # noqa: PTH208


def test_a_run_that_meets_another_text_leaves_what_is_there_as_it_was(batch: Batch, service: Any, expected: Any) -> None:
    partial = write(Path("out.jsonl.partial"), expected[1:4])
    before = partial.read_bytes()
    write(Path("in.jsonl"), [*ROWS[:3], ROWS[3] | {"text": "« Non »"}])

    done = batch("in.jsonl", "--output", "out.jsonl", "--resume", "--concurrency", "1")

    assert (done.code, service.streams) == (2, [TEXTS[:1]])
    assert done.err.startswith("guillemet: in.jsonl:4 (id d3): its answer from before is of another text: restore the input")
    assert partial.read_bytes() == before


@pytest.mark.parametrize("output", ["out.jsonl", "out.parquet", "out.csv"])
def test_a_run_that_begins_may_say_that_it_goes_on(batch: Batch, output: str) -> None:
    assert batch("in.jsonl", "--output", output, "--resume").code == 0


def test_what_failed_is_tried_again(batch: Batch, read: Read, service: Any, new_status: Callable[..., Any]) -> None:
    service.refuse_in_stream.append(new_status(grpc.StatusCode.INTERNAL, "INTERNAL", "it failed"))
    done = batch("in.jsonl", "--output", "out.jsonl", "--concurrency", "1")
    assert (done.code, [failure["id"] for failure in read("out.jsonl.failures.jsonl")]) == (1, ["d0"])

    done = batch("in.jsonl", "--output", "out.jsonl", "--resume")

    assert done.code == 0
    assert not Path("out.jsonl.failures.jsonl").exists()
    assert sorted(document["id"] for document in read("out.jsonl")) == [row["id"] for row in ROWS]


def test_a_bad_line_among_answers_costs_none_of_them(batch: Batch, expected: Any) -> None:
    partial = write(Path("out.jsonl.partial"), expected[:4])
    answers = partial.read_bytes().splitlines(keepends=True)
    partial.write_bytes(b"".join([*answers[:2], b"my notes\n", *answers[2:]]))
    before = partial.read_bytes()

    done = batch("in.jsonl", "--output", "out.jsonl", "--resume")

    assert (done.code, partial.read_bytes()) == (2, before)
    assert done.err == (
        "guillemet: out.jsonl.partial: line 3 is no answer, and others follow it: mend it, or --force begins anew\n"
    )


def test_what_a_link_leads_to_is_written(batch: Batch, read: Read, expected: Any) -> None:
    Path("store").mkdir()
    Path("out.jsonl").symlink_to("store/answers")

    assert batch("in.jsonl", "--output", "out.jsonl").code == 0

    assert Path("out.jsonl").is_symlink()
    assert read("store/answers") == expected
    assert os.listdir("store") == ["answers"]  # noqa: PTH208


# As one that an answer would be, but for a field that is read.
ODD = '{"id": "d0", "text": "a", "entities": [%s], "quotations": [%s]}\n'


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("out.jsonl", b'{"id": 1}\n'),
        ("out.jsonl", b"my notes\n"),
        ("out.jsonl", b"[" * 100_000),
        ("out.jsonl", (ODD % ('{"id": "e1"}', "")).encode()),
        ("out.jsonl", (ODD % ("", '{"spans": [[0, 1]]}')).encode()),
        ("out.parquet", b"PAR1"),
        ("out.parquet", b"PAR1" + b"\xff" * 60 + b"\x10\0\0\0PAR1"),
        ("out.parquet", None),
    ],
)
def test_what_something_else_wrote_is_left_alone(batch: Batch, name: str, data: bytes | None) -> None:
    if data is None:
        pq.write_table(pa.table({"id": ["a"]}), name)
    else:
        Path(name).write_bytes(data)
    before = Path(name).read_bytes()

    done = batch("in.jsonl", "--output", name, "--resume")

    assert (done.code, done.err) == (2, f"guillemet: {name} is no output of this command: --force overwrites it\n")
    assert Path(name).read_bytes() == before
    assert sorted(os.listdir()) == ["in.jsonl", name]  # noqa: PTH208


def test_a_forced_run_begins_anew_and_replaces_the_output_only_at_its_end(
    batch: Batch, read: Read, service: Any, new_status: Callable[..., Any], expected: Any
) -> None:
    Path("out.jsonl").write_text("as it was\n", encoding="utf-8")
    write(Path("out.jsonl.partial"), [*expected[:1], *expected[:1]])
    service.stream_failures.append(new_status(grpc.StatusCode.PERMISSION_DENIED, "NO"))

    assert batch("in.jsonl", "--output", "out.jsonl", "--force").code == 1
    assert Path("out.jsonl").read_text(encoding="utf-8") == "as it was\n"
    assert batch("in.jsonl", "--output", "out.jsonl", "--force").code == 0
    assert read("out.jsonl") == expected


@pytest.mark.parametrize("options", [(), ("--resume",), ("--force",)])
def test_two_runs_do_not_write_one_output(batch: Batch, tmp_path: Path, options: tuple[str, ...]) -> None:
    other = Journal(tmp_path / "out.jsonl.partial")

    done = batch("in.jsonl", "--output", "out.jsonl", *options)

    other.close()
    assert (done.code, done.err) == (2, "guillemet: out.jsonl.partial is being written by another run\n")


# The terminal


class Terminal(io.StringIO):
    """Standard error of somebody who watches."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


def test_a_terminal_shows_a_bar_and_nothing_else_does(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert batch("in.jsonl", "--output", "out.jsonl").err == ""

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    batch("in.jsonl", "--output", "out.jsonl", "--force")

    shown = terminal.getvalue()
    assert "7 documents" in shown
    assert "100%" in shown
    assert "/s" in shown
