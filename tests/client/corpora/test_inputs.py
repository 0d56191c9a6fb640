"""What `guillemet batch` reads: every kind of file, however it is compressed and named, character by character."""

import bz2
import gzip
import io
import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Batch = Callable[..., Any]
Texts = Callable[[str], dict[str, str]]

# What careless readers rewrite, or take for the end of a line.
STRANGE = "\ufeff« É\u0301té »\r\nZoé a dit\u2028: « Non\u00a0!\x85 »\n🎤; \"là\", 'ici'\t"


def write(name: str, text: str | bytes) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return name


def lines(*rows: Any) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


# Folders, patterns, texts


def test_a_folder_is_read_with_its_subfolders_in_the_order_of_names(batch: Batch, texts: Texts) -> None:
    for name in ("press/b.txt", "press/a/z.txt", "press/c.TXT.gz", "press/.hidden.txt", "press/.git/x.txt", "press/photo.jpg"):
        write(name, gzip.compress(name.encode()) if name.endswith("gz") else name)

    done = batch("press", "--output", "out.jsonl")

    assert (done.code, done.err) == (0, "")
    assert list(texts("out.jsonl").items()) == [(name, name) for name in ("press/a/z.txt", "press/b.txt", "press/c.TXT.gz")]


def test_a_pattern_means_the_files_that_it_matches(batch: Batch, texts: Texts) -> None:
    for name in ("a1.txt", "a2.txt", "b.txt", "below/a3.txt"):
        write(name, name)

    batch("a?.txt", "**/a3.txt", "--output", "out.jsonl")

    assert list(texts("out.jsonl")) == ["a1.txt", "a2.txt", "below/a3.txt"]


@pytest.mark.parametrize("pattern", ["press/**/*.txt", "**/*.txt", "./press/**/*.txt", "pre*/**", "**/press/**/*.txt"])
def test_a_pattern_leads_through_no_link_that_leads_back(batch: Batch, texts: Texts, pattern: str) -> None:
    for name in ("press/b.txt", "press/[a]/z.txt", "press/.git/x.txt", "press/a/c.txt"):
        write(name, name)
    Path("press/again").symlink_to(".", target_is_directory=True)
    Path("press/a/back").symlink_to("..", target_is_directory=True)
    Path("press/itself").symlink_to("itself")

    batch(pattern, "--output", "out.jsonl")

    found = [Path(name).resolve().relative_to(Path.cwd()).as_posix() for name in texts("out.jsonl")]
    assert sorted(found) == sorted(set(found))
    assert {"press/[a]/z.txt", "press/a/c.txt"} <= set(found) <= {"press/b.txt", "press/[a]/z.txt", "press/a/c.txt"}


def test_a_link_that_is_named_is_followed(batch: Batch, texts: Texts) -> None:
    write("press/a.txt", "« Oui »")
    Path("link").symlink_to("press", target_is_directory=True)

    batch("link/**/*.txt", "--output", "out.jsonl")

    assert list(texts("out.jsonl")) == ["link/a.txt"]


def test_a_file_named_twice_is_read_once(batch: Batch, texts: Texts) -> None:
    write("a.txt", "« Oui »")

    assert batch("a.txt", "*.txt", "a.txt", "--output", "out.jsonl").err == ""
    assert list(texts("out.jsonl")) == ["a.txt"]


def test_a_name_with_the_characters_of_a_pattern_is_a_name_first(batch: Batch, texts: Texts) -> None:
    write("[a].txt", "« Oui »")

    batch("[a].txt", "--output", "out.jsonl")

    assert list(texts("out.jsonl")) == ["[a].txt"]


def test_what_is_written_is_no_input_of_the_folder_it_stands_in(batch: Batch, texts: Texts) -> None:
    write("a.txt", "« Oui »")
    write("b.txt", "refuse TEXT_ODD")
    batch(".", "--output", "out.jsonl")

    done = batch(".", "--output", "out.jsonl", "--resume")

    assert done.code == 1
    assert list(texts("out.jsonl")) == ["./a.txt"]


@pytest.mark.parametrize("named", ["press", "press/*"])
def test_what_another_run_wrote_beside_its_output_is_no_input(batch: Batch, texts: Texts, named: str) -> None:
    for name in ("press/a.jsonl", "press/old.jsonl.failures.jsonl", "press/old.csv.partial"):
        write(name, lines({"id": name, "text": "« Oui »"}))

    done = batch(named, "--output", "out.jsonl", "--input-format", "jsonl")

    assert (done.code, done.err, list(texts("out.jsonl"))) == (0, "", ["press/a.jsonl"])
    assert batch("press/old.jsonl.failures.jsonl", "--output", "named.jsonl").code == 0


def test_a_text_keeps_every_character(batch: Batch, texts: Texts) -> None:
    write("a.txt", STRANGE)

    batch("a.txt", "--output", "out.jsonl")

    assert texts("out.jsonl") == {"a.txt": STRANGE}


def test_a_file_whose_name_is_not_unicode_has_an_id_all_the_same(batch: Batch, read: Callable[[str], Any]) -> None:
    Path("texts").mkdir()
    with open(b"texts/caf\xe9.txt", "w", encoding="utf-8") as file:  # noqa: PTH123 (bytes)
        file.write("« Oui »")

    assert batch("texts", "--output", "out.jsonl").code == 0
    assert read("out.jsonl")[0]["id"] == "texts/caf\\udce9.txt"


# Tables

ROWS = [{"key": 7, "body": STRANGE}, {"key": 8, "body": "x" * 200_000}]
COLUMNS = ("--id-column", "key", "--text-column", "body")


def as_jsonl() -> bytes:
    return b"\xef\xbb\xbf" + lines(*ROWS).replace("\n", "\n\n").encode()


def as_csv(delimiter: str, mark: str = "\ufeff") -> bytes:
    cells = [[str(row["key"]), '"' + str(row["body"]).replace('"', '""') + '"', "0"] for row in ROWS]
    return (mark + "\r\n".join(delimiter.join(row) for row in [["key", "body", "n"], *cells])).encode()


def as_parquet(of_text: pa.DataType) -> bytes:
    buffer = io.BytesIO()
    table = pa.table({"body": pa.array([row["body"] for row in ROWS]).cast(of_text), "key": [row["key"] for row in ROWS]})
    pq.write_table(table, buffer, row_group_size=1)
    return buffer.getvalue()


TABLES = {
    "in.jsonl": as_jsonl(),
    "in.ndjson": lines(*ROWS).encode(),
    "comma.csv": as_csv(","),
    "semicolon.csv": as_csv(";", ""),
    "tab.tsv": as_csv("\t"),
    "string.parquet": as_parquet(pa.string()),
    "large.parquet": as_parquet(pa.large_string()),
    "dictionary.parquet": as_parquet(pa.dictionary(pa.int32(), pa.string())),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_gives_the_columns_that_are_named(batch: Batch, texts: Texts, name: str) -> None:
    write(name, TABLES[name])

    done = batch(name, "--output", "out.jsonl", *COLUMNS)

    assert (done.code, done.err) == (0, "")
    assert list(texts("out.jsonl").items()) == [(str(row["key"]), row["body"]) for row in ROWS]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("name", ["in.jsonl", "comma.csv"])
def test_a_compressed_table_is_read_whatever_its_name_says(batch: Batch, texts: Texts, name: str, compress: Any) -> None:
    write(name, compress(TABLES[name]))

    assert batch(name, "--output", "out.jsonl", *COLUMNS).code == 0
    assert list(texts("out.jsonl")) == ["7", "8"]


@pytest.mark.parametrize(("name", "table"), [("a.jsonl", lines({"text": "« Oui »"})), ("a.csv", 'text\n"« Oui »"\n')])
def test_a_row_without_an_id_goes_by_its_place(batch: Batch, texts: Texts, name: str, table: str) -> None:
    write(name, table)

    batch(name, "--output", "out.jsonl")

    assert texts("out.jsonl") == {f"{name}:1": "« Oui »"}


def test_a_row_of_parquet_without_an_id_goes_by_its_place(batch: Batch, texts: Texts) -> None:
    pq.write_table(pa.table({"text": ["a", "b"]}), "a.parquet")

    batch("a.parquet", "--output", "out.jsonl")

    assert texts("out.jsonl") == {"a.parquet:1": "a", "a.parquet:2": "b"}


def test_of_json_lines_each_object_says_whether_it_has_an_id(batch: Batch, texts: Texts) -> None:
    write("a.jsonl", lines({"text": "a"}, {"id": "b", "text": "b"}))

    batch("a.jsonl", "--output", "out.jsonl")

    assert texts("out.jsonl") == {"a.jsonl:1": "a", "b": "b"}


def test_what_tabs_part_may_have_commas_in_its_header(batch: Batch, texts: Texts) -> None:
    write("a.tsv", "id\ttext\ta, b, c, d\nx\t« Oui »\t0\n")

    batch("a.tsv", "--output", "out.jsonl")

    assert texts("out.jsonl") == {"x": "« Oui »"}


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="pipes have no names here")
def test_a_pipe_is_read_once_and_whole(batch: Batch, texts: Texts) -> None:
    reader, writer = os.pipe()
    os.write(writer, lines({"id": "a", "text": "a"}, {"id": "b", "text": "b"}).encode())
    os.close(writer)

    piped = f"/dev/fd/{reader}"
    refused = batch(piped, "--output", "out.jsonl", "--input-format", "parquet")
    done = batch(piped, "--output", "out.jsonl", "--input-format", "jsonl")

    os.close(reader)
    assert (refused.code, refused.err) == (2, f"guillemet: {piped}: Parquet is read from files only\n")
    assert (done.code, done.err, list(texts("out.jsonl"))) == (0, "", ["a", "b"])


# The standard input


def test_the_standard_input_is_json_lines(batch: Batch, texts: Texts) -> None:
    batch("-", "--output", "out.jsonl", stdin=lines({"id": "a", "text": "« Oui »"}).encode())

    assert texts("out.jsonl") == {"a": "« Oui »"}


@pytest.mark.parametrize(("kind", "data", "id"), [("txt", "« Oui »", "stdin"), ("csv", "id,text\nb,« Oui »", "b")])
def test_or_what_it_is_said_to_be(batch: Batch, texts: Texts, kind: str, data: str, id: str) -> None:
    batch("-", "--output", "out.jsonl", "--input-format", kind, stdin=gzip.compress(data.encode()))

    assert texts("out.jsonl") == {id: "« Oui »"}


def test_a_format_that_is_said_goes_before_the_name(batch: Batch, texts: Texts) -> None:
    write("corpus.dat", lines({"id": "a", "text": "« Oui »"}))

    batch("corpus.dat", "--output", "out.jsonl", "--input-format", "jsonl")

    assert list(texts("out.jsonl")) == ["a"]


def test_a_limit_is_of_documents_read(batch: Batch, texts: Texts) -> None:
    write("in.jsonl", lines(*({"id": str(number), "text": "a"} for number in range(9))))

    batch("in.jsonl", "--output", "out.jsonl", "--limit", "3")
    batch("in.jsonl", "--output", "out.jsonl", "--limit", "5", "--resume")

    assert list(texts("out.jsonl")) == list("01234")
