"""What is wrong with an input costs one line, and none of the other documents; what makes no sense is refused at once."""

import gzip
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Batch = Callable[..., Any]
Read = Callable[[str], list[dict[str, Any]]]

GOOD = '{"id": "good", "text": "« Oui »"}\n'


def write(name: str, data: str | bytes) -> str:
    Path(name).write_bytes(data.encode() if isinstance(data, str) else data)
    return name


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, use_dictionary=False, compression="none")
    return buffer.getvalue()


def twice(name: str) -> bytes:
    """Return a Parquet file with two columns of one name."""
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], [name, name]), buffer)
    return buffer.getvalue()


def damaged(table: bytes) -> bytes:
    """Return a Parquet file whose footer is whole and whose pages are not."""
    return table[:4] + b"\xff" * 60 + table[64:]


def not_unicode() -> bytes:
    """Return a Parquet file whose second text of three is Latin-1."""
    texts = pa.array([b"a", b"\xe9", b"b"], pa.binary())
    return parquet(text=pa.StringArray.from_buffers(3, *texts.buffers()[1:]))


# One document, or one file, among others


@pytest.mark.parametrize(
    ("name", "data", "named", "reason", "message"),
    [
        ("a.txt", "refuse DOCUMENT_TOO_LONG", "a.txt", "DOCUMENT_TOO_LONG", "refused"),
        ("a.txt", "", "a.txt", "TEXT_EMPTY", "refused"),
        ("a.txt", b"\xe9t\xe9", "a.txt", "UNREADABLE", "not UTF-8: byte 0xE9 at byte offset 0; UTF-8 text is accepted"),
        (
            "a.txt",
            gzip.compress(b"a" * 99)[:-9],
            "a.txt",
            "UNREADABLE",
            "damaged where it is compressed (Compressed file ended",
        ),
        ("a.txt", b"\x28\xb5\x2f\xfd", "a.txt", "UNREADABLE", "zstd needs Python 3.14"),
        ("a.jsonl", "{\n", "a.jsonl:1", "UNREADABLE", "no JSON (Expecting property name"),
        ("a.jsonl", "[" * 99_999, "a.jsonl:1", "UNREADABLE", "no JSON ("),
        ("a.jsonl", "[]\n", "a.jsonl:1", "UNREADABLE", "no object; an object a line is accepted"),
        ("a.jsonl", b'{"text": "\xe9"}\n', "a.jsonl:1", "UNREADABLE", "not UTF-8; UTF-8 is accepted"),
        ("a.jsonl", '{"id": "x", "text": null}\n', "a.jsonl:1 (id x)", "TEXT_MISSING", "no text; a string is accepted"),
        (
            "a.jsonl",
            '{"id": null, "text": "a"}\n',
            "a.jsonl:1",
            "DOCUMENT_ID_MISSING",
            "no id; a string or a number is accepted",
        ),
        (
            "a.jsonl",
            '{"id": true, "text": "a"}\n',
            "a.jsonl:1",
            "DOCUMENT_ID_MISSING",
            "no id; a string or a number is accepted",
        ),
        (
            "a.jsonl",
            '{"id": "\\ud83d", "text": "\\ud83d"}\n',
            "a.jsonl:1 (id \\ud83d)",
            "TEXT_NOT_UNICODE",
            "the text holds a lone surrogate",
        ),
        ("a.jsonl", f"\n{GOOD}", "a.jsonl:2 (id good)", "DOCUMENT_ID_DUPLICATE", "an earlier document has the same id"),
        ("a.csv", "id,text\nx,refuse ODD\n", "a.csv:1 (id x)", "ODD", "refused"),
        ("a.csv", "id,text\nx,a,b\n", "a.csv:1", "UNREADABLE", "3 cells; the header has 2"),
        ("a.csv", 'id,text\n1,a\n2,"never closed\n', "a.csv", "UNREADABLE", "no CSV after row 1 ("),
        ("a.csv", b"id,text\nw,a\nx,\xe9\ny,b\n", "a.csv:2", "UNREADABLE", "not UTF-8 (byte 0xE9); UTF-8 is accepted"),
        ("a.csv", b"id,text,\xe9\nx,a,b\n", "a.csv", "UNREADABLE", "not UTF-8 (byte 0xE9); UTF-8 is accepted"),
        (
            "a.jsonl",
            '{"id": "x"}\n{"id": "y", "text": "a"}\n',
            "a.jsonl:1 (id x)",
            "TEXT_MISSING",
            "no text; a string is accepted",
        ),
        ("a.jsonl", "\n", "a.jsonl", "UNREADABLE", "holds no document; one at least is accepted"),
        ("a.csv", "id,text\n", "a.csv", "UNREADABLE", "holds no document; one at least is accepted"),
        ("a.parquet", not_unicode(), "a.parquet:2", "UNREADABLE", "not UTF-8; UTF-8 is accepted"),
        ("a.parquet", b"PAR1 and so on", "a.parquet", "UNREADABLE", "no Parquet, or damaged ("),
        ("a.parquet", damaged(parquet(text=["é" * 100])), "a.parquet", "UNREADABLE", "no Parquet, or damaged ("),
    ],
)
def test_a_failure_is_one_line_and_the_rest_is_answered(  # noqa: PLR0917
    batch: Batch, read: Read, name: str, data: str | bytes, named: str, reason: str, message: str
) -> None:
    done = batch(write("good.jsonl", GOOD), write(name, data), "--output", "out.jsonl")

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert done.err.startswith(f"guillemet: {named}: {message}")
    assert "good" in {document["id"] for document in read("out.jsonl")}
    [failure] = read("out.jsonl.failures.jsonl")
    place, _, own_id = named.removesuffix(")").partition(" (id ")
    assert (failure["id"], failure["place"], failure["reason"]) == (own_id or place, place, reason)
    assert failure["message"].startswith(message)
    assert "1, see out.jsonl.failures.jsonl" in done.out


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here fails to be read")
def test_a_file_that_fails_to_be_read(batch: Batch, read: Read) -> None:
    done = batch("/proc/self/mem", write("good.jsonl", GOOD), "--input-format", "jsonl", "--output", "out.jsonl")

    assert (done.code, done.err) == (1, "guillemet: /proc/self/mem: cannot be read (Input/output error)\n")
    assert len(read("out.jsonl")) == 1


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder here takes no file")
def test_what_cannot_be_written_is_named(batch: Batch) -> None:
    done = batch(write("good.jsonl", GOOD), "--output", "/proc/out.jsonl")

    assert (done.code, done.err) == (1, "guillemet: cannot write /proc/out.jsonl.partial: No such file or directory\n")


def test_many_failures_are_not_all_shown(batch: Batch, read: Read) -> None:
    write("a.jsonl", "".join(f'{{"id": {number}, "text": "refuse ODD"}}\n' for number in range(99)))

    done = batch("a.jsonl", "--output", "out.jsonl")

    *shown, last = done.err.splitlines()
    assert len(shown) == 20
    assert last == "guillemet: further failures are only written to out.jsonl.failures.jsonl"
    assert len(read("out.jsonl.failures.jsonl")) == 99


# What is refused at once: nothing is written


@pytest.mark.parametrize(
    ("name", "data", "options", "sentence"),
    [
        ("a.jsonl", '{"id": 1, "body": "a"}', (), "a.jsonl: --text-column: no column 'text'; there are 'id', 'body'"),
        ("a.csv", "id;body", (), "a.csv: --text-column: no column 'text'; there are 'id', 'body'"),
        ("a.csv", "", (), "a.csv: --text-column: no column 'text'; there are none"),
        ("a.parquet", parquet(body=["a"]), (), "a.parquet: --text-column: no column 'text'; there are 'body'"),
        ("a.parquet", parquet(text=[1]), (), "a.parquet: --text-column: column 'text' holds int64, no text"),
        ("a.csv", "key,text", ("--id-column", "id"), "a.csv: --id-column: no column 'id'; there are 'key', 'text'"),
        ("-", '{"id": 1}', (), "stdin: --text-column: no column 'text'; there are 'id'"),
        ("a.jsonl", '{"text": "a"}\n' * 101, ("--id-column", "key"), "a.jsonl: --id-column: no column 'key'; there are 'text'"),
        ("a.csv", "text,id,text\na,b,c", (), "a.csv: --text-column: 2 columns have the name 'text'; one is accepted"),
        ("a.csv", "text,id,id\na,b,c", (), "a.csv: --id-column: 2 columns have the name 'id'; one is accepted"),
        ("a.parquet", twice("text"), (), "a.parquet: --text-column: 2 columns have the name 'text'; one is accepted"),
        ("a.parquet", parquet(id=[b"a"], text=["a"]), (), "a.parquet: --id-column: column 'id' holds binary, neither strings"),
        ("a.tsv", "id,text\na,b\n", (), "a.tsv: --text-column: no column 'text'; there are 'id,text'"),
        ("-", "", ("--input-format", "parquet"), "stdin: Parquet is read from files only"),
        (
            "a.parquet.gz",
            gzip.compress(parquet(text=["a"])),
            (),
            "a.parquet.gz: Parquet is compressed within, and read as .par",
        ),
        ("a.dat", "", (), "a.dat: its name does not say what it holds; .txt, .jsonl,"),
    ],
)
def test_an_input_that_cannot_be_meant(
    batch: Batch, name: str, data: str | bytes, options: tuple[str, ...], sentence: str
) -> None:
    if name != "-":
        write(name, data)

    done = batch(name, "--output", "out.jsonl", *options, stdin=data.encode() if isinstance(data, str) else data)

    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(f"guillemet: {sentence}")
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.txt", "missing.txt: no such file or folder"),
        ("empty", "empty: means no file that can be read; .txt, .jsonl,"),
        ("*.parquet", "*.parquet: means no file that can be read; .txt, .jsonl,"),
        ("nul\0.txt", "nul\0.txt: no such file or folder"),
        ("nul\0/*.txt", "nul\0/*.txt: means no file that can be read; .txt, .jsonl,"),
        ("", "an empty path is no input; files, folders, patterns and - are"),
    ],
)
def test_a_name_that_means_nothing(batch: Batch, name: str, sentence: str) -> None:
    Path("empty").mkdir()

    done = batch(name, "--output", "out.jsonl")

    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith(f"guillemet: {sentence}")


@pytest.fixture
def closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder that nobody can look into, whatever he may: its path is longer than the system takes."""
    for name in ["press", *(["x" * 250] * 17)]:
        Path(name).mkdir()
        monkeypatch.chdir(name)
    monkeypatch.chdir(tmp_path)
    return Path("press")


@pytest.mark.skipif(sys.platform == "win32", reason="paths are as long as one likes")
@pytest.mark.parametrize("pattern", ["{}", "{}/**/*.txt", "{}" + "/*" * 18])
def test_a_folder_that_cannot_be_read_is_not_passed_over(batch: Batch, closed_folder: Path, pattern: str) -> None:
    write("press/a.txt", "« Oui »")

    done = batch(pattern.format(closed_folder), "--output", "out.jsonl")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("guillemet: press/xxx")
    assert done.err.endswith("x: cannot be read (File name too long); folders that can be are accepted\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--output", "out.xml"), "--output: out.xml ends in none of .jsonl, .parquet, .csv"),
        (("--output", "missing/out.jsonl"), "--output: missing/out.jsonl cannot be written; a file in a folder that exists"),
        (("--output", "folder.csv"), "--output: folder.csv cannot be written; a file in a folder that exists"),
        (("--output", "good.jsonl", "--force"), "good.jsonl: is written, so it cannot be read"),
        (("--output", "out.jsonl", "--resume", "--force"), "--resume goes on with what is there, --force writes it anew: only"),
        (("--output", "there.csv"), "there.csv exists: --resume adds what it lacks, --force writes it anew"),
        (("--output", "begun.csv"), "begun.csv.partial is what an interrupted run left: --resume goes on with it, --force"),
        (("--output", "there.csv", "--resume"), "there.csv is done, and CSV does not tell which documents it read: --force"),
    ],
)
def test_an_output_that_cannot_be_meant(batch: Batch, options: tuple[str, ...], sentence: str) -> None:
    Path("folder.csv").mkdir()
    for name in ("there.csv", "begun.csv.partial"):
        write(name, "as it was")

    done = batch(write("good.jsonl", GOOD), *options)

    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith(f"guillemet: {sentence}")
    assert [Path(name).read_text(encoding="utf-8") for name in ("there.csv", "begun.csv.partial")] == ["as it was"] * 2


@pytest.mark.parametrize("arguments", [("a.parquet", "--output", "out.jsonl"), ("good.jsonl", "--output", "out.parquet")])
def test_parquet_without_its_extra(batch: Batch, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    write("good.jsonl", GOOD)
    write("a.parquet", parquet(text=["a"]))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    done = batch(*arguments)

    assert (done.code, done.err) == (2, "guillemet: Parquet needs pyarrow: install guillemet with its extra 'parquet'\n")


# The server


def test_a_server_that_is_not_there_is_said_at_once(batch: Batch) -> None:
    done = batch(write("good.jsonl", GOOD), "--output", "out.jsonl", "--server", "unix:/nowhere/x.sock")

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert done.err.startswith("guillemet: the server at unix:/nowhere/x.sock cannot be reached")
    assert os.listdir() == ["good.jsonl"]  # noqa: PTH208 (where the command ran)


def test_a_server_that_fails_for_good_ends_the_run_and_what_is_done_is_kept(
    batch: Batch, read: Read, service: Any, new_status: Callable[..., Any]
) -> None:
    write("a.jsonl", "".join(f'{{"id": {number}, "text": "a"}}\n' for number in range(9)))
    service.break_streams_after.append(4)
    service.stream_failures.extend([None, new_status(grpc.StatusCode.PERMISSION_DENIED, "NO", "not any more")])

    done = batch("a.jsonl", "--output", "out.jsonl", "--concurrency", "2")

    assert done.code == 1
    waiting, ended = done.err.splitlines()
    assert waiting.endswith("broken; asking again for up to 300 s")
    assert ended == "guillemet: not any more; the answers so far are in out.jsonl.partial: --resume goes on"
    assert len(read("out.jsonl.partial")) == 4
    assert not Path("out.jsonl").exists()
