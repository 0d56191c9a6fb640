import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from guillemet_client.cli import application

TEXT = "Jeanne Morvan a dit : « Non ! »"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def view(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(application(), ["view", *arguments], input=stdin)


def write(name: str, content: str) -> str:
    Path(name).write_text(content, encoding="utf-8")
    return name


def titles(page: str) -> list[str]:
    return [line.split("</bdi>")[0] for line in Path(page).read_text(encoding="utf-8").split('-title"><bdi>')[1:]]


def test_texts_are_extracted_and_documents_shown_as_they_are(address: str, document: dict[str, Any], service: Any) -> None:
    Path("press").mkdir()
    files = [write("press/a.txt", TEXT), "-", write("gold.jsonl", f"\ufeff{json.dumps(document)}\n")]

    done = view(*files, "-o", "page.html", "--server", address, "--min-probability", "0.5", stdin=TEXT)

    assert (done.exit_code, done.output) == (0, "")
    assert titles("page.html") == ["a.txt", "stdin", "dépêches/&lt;eaux&gt;.txt"]
    assert [request.options.min_probability for request in service.requests] == [0.5, 0.5]
    assert "« Non ! »" in Path("page.html").read_text(encoding="utf-8")


def test_files_of_one_name_are_told_apart_by_their_folders(address: str) -> None:
    for folder in ("un", "deux"):
        Path(folder).mkdir()
    files = [write(name, TEXT) for name in ("un/a.txt", "deux/a.txt", "deux/b.txt")]

    view(*files, "-o", "page.html", "--server", address)

    assert titles("page.html") == ["un/a.txt", "deux/a.txt", "b.txt"]


def test_documents_alone_need_no_server(document: dict[str, Any]) -> None:
    files = [write(name, json.dumps(document)) for name in ("gold.jsonl", "GOLD.NDJSON")]

    done = view(*files, "-o", "page.html")

    assert (done.exit_code, titles("page.html")) == (0, ["dépêches/&lt;eaux&gt;.txt"] * 2)


def test_documents_may_come_through_a_pipe(document: dict[str, Any]) -> None:
    done = view("-", "-o", "page.html", stdin=f"\ufeff{json.dumps(document)}\n")

    assert (done.exit_code, titles("page.html")) == (0, ["dépêches/&lt;eaux&gt;.txt"])


@pytest.mark.parametrize("text", ['{"text": "« Oui »"}', "[" * 99_999, '"« Oui »"'])
def test_what_is_not_of_the_one_format_is_a_text_in_a_pipe(address: str, service: Any, text: str) -> None:
    done = view("-", "-o", "page.html", "--server", address, stdin=text)

    assert (done.exit_code, titles("page.html")) == (0, ["stdin"])
    assert [request.document.text for request in service.requests] == [text]


def test_a_page_may_go_through_a_pipe(document: dict[str, Any]) -> None:
    file = write("gold.jsonl", json.dumps(document))
    view(file, "-o", "page.html")

    done = view(file, "-o", "-")

    assert (done.exit_code, done.stdout) == (0, Path("page.html").read_text(encoding="utf-8"))
    assert not Path("-").exists()


@pytest.mark.parametrize("option", [("--server", "localhost:1"), ("--min-probability", "0.5"), ("--timeout", "1")])
def test_documents_alone_take_no_option_of_a_server(document: dict[str, Any], option: tuple[str, str]) -> None:
    done = view(write("gold.jsonl", json.dumps(document)), "-o", "page.html", *option)

    assert (done.exit_code, Path("page.html").exists()) == (2, False)
    assert done.stderr == (
        "guillemet: --server, --min-probability and --timeout are for texts; documents are shown as they are\n"
    )


def test_a_bad_file_costs_one_line_and_no_other_file(address: str) -> None:
    files = [write("bad.jsonl", "{}"), "missing.txt", write("refused.txt", "refuse TEXT_ODD"), write("good.txt", TEXT)]

    done = view(*files, "-o", "page.html", "--server", address)

    assert done.exit_code == 1
    assert [line.removeprefix("guillemet: ").split(" (")[0] for line in done.stderr.splitlines()] == [
        "bad.jsonl: line 1: text is missing",
        "missing.txt: cannot be read",
        "refused.txt: refused",
    ]
    assert titles("page.html") == ["good.txt"]


def test_no_page_is_better_than_an_empty_one(address: str) -> None:
    done = view("missing.txt", "-o", "page.html", "--server", address)

    assert done.exit_code == 1
    assert not Path("page.html").exists()


@pytest.mark.parametrize("output", [".", "missing/page.html"])
def test_an_output_that_cannot_be_is_refused_before_any_work(service: Any, address: str, output: str) -> None:
    done = view(write("a.txt", TEXT), "-o", output, "--server", address)

    assert (done.exit_code, service.requests) == (2, [])
    assert done.stderr == f"guillemet: --output: {output} cannot be written; a file in a folder that exists is accepted\n"


def test_a_text_is_not_overwritten_by_its_page(service: Any, address: str) -> None:
    done = view(write("a.txt", TEXT), "-o", "./a.txt", "--server", address)

    assert (done.exit_code, service.requests) == (2, [])
    assert done.stderr == "guillemet: --output: a.txt is read, so it cannot be written\n"
    assert Path("a.txt").read_text(encoding="utf-8") == TEXT


def test_an_output_that_cannot_be_written_is_one_line(address: str) -> None:
    done = view(write("a.txt", TEXT), "-o", "/dev/full", "--server", address)

    assert (done.exit_code, done.stderr) == (1, "guillemet: /dev/full cannot be written (No space left on device)\n")
