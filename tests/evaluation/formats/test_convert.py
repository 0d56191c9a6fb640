"""``guillemet convert``."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from guillemet_client.cli import application
from guillemet_evaluation import read_documents

PRESS = Path(__file__).parents[2] / "gold" / "press.jsonl"

Convert = Callable[..., Result]


@pytest.fixture
def convert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Convert:
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    runner = CliRunner()
    app = application()

    def run(*arguments: object) -> Result:
        result = runner.invoke(app, ["convert", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return run


def test_documents_go_to_brat_and_back_unchanged(convert: Convert) -> None:
    there = convert(PRESS, "brat", "--to", "brat")
    back = convert("brat", "back.jsonl")

    assert (there.exit_code, there.stdout, there.stderr) == (0, "", "brat: 14 documents, 185 quotations\n")
    assert back.exit_code == 0
    assert read_documents("back.jsonl", is_gold=True) == read_documents(PRESS, is_gold=True)


def test_what_a_format_has_no_place_for_is_said(convert: Convert) -> None:
    fracas = convert(PRESS, "fracas.jsonl", "--to", "fracas")
    bio = convert("fracas.jsonl", "fracas.conllup", "--from", "fracas")

    assert fracas.stderr.startswith("fracas.jsonl: 14 documents, 185 quotations; fracas has no place for roles, institutions,")
    assert bio.stderr.startswith("fracas.conllup: 14 documents, 185 quotations; bio has no place for entities, probabilities,")
    assert Path("fracas.conllup").read_text(encoding="utf-8").startswith("# global.columns = ID FORM ")


@pytest.mark.parametrize("name", ["fracas.jsonl", "fracas.json", "fracas"])
@pytest.mark.parametrize("n_documents", [1, 14])
def test_what_is_written_under_a_name_is_read_under_it(name: str, n_documents: int, convert: Convert) -> None:
    lines = PRESS.read_text(encoding="utf-8").splitlines(keepends=True)
    Path("some.jsonl").write_text("".join(lines[:n_documents]), encoding="utf-8", newline="")
    assert convert("some.jsonl", name, "--to", "fracas").exit_code == 0

    back = convert(name, "back.jsonl", "--from", "fracas")

    assert back.exit_code == 0
    assert back.stderr.startswith(f"back.jsonl: {n_documents} documents, ")


QUOTES = [
    {"quote": "« Oui »", "quote_index": "(0, 7)", "speaker": "Noé Bihan", "speaker_index": "(13, 22)"},
    {"quote": "« Non »", "quote_index": "(30, 37)"},
]


@pytest.mark.parametrize("kind", ["folder", "documents"])
def test_texts_that_the_input_does_not_hold_are_given(kind: str, convert: Convert) -> None:
    text = "« Oui », dit Noé Bihan."
    Path("quotes").mkdir()
    Path("quotes/noe.json").write_text(json.dumps(QUOTES[:1]), encoding="utf-8")
    if kind == "folder":
        Path("texts").mkdir()
        Path("texts/noe.txt").write_text(text, encoding="utf-8")
    else:
        line = json.dumps({"id": "noe", "text": text, "entities": [], "quotations": []})
        Path("texts").write_text(f"{line}\n", encoding="utf-8")

    result = convert("quotes", "noe.jsonl", "--from", "gendergaptracker", "--texts", "texts")

    assert result.exit_code == 0
    (document,) = read_documents("noe.jsonl")
    assert [quotation.source for quotation in document.quotations] == [(13, 22)]


def test_what_has_no_place_in_its_text_ends_the_command_unless_it_may_be_left_out(convert: Convert) -> None:
    Path("noe.json").write_text(json.dumps({"body": "« Oui », dit Noé Bihan.", "quotes": QUOTES}), encoding="utf-8")

    refused = convert("noe.json", "noe.jsonl", "--from", "gendergaptracker")
    assert refused.exit_code == 2
    assert refused.stderr == "guillemet: noe.json: document noe, quotes[1].quote: its words are not in the text\n"
    assert not Path("noe.jsonl").exists()

    done = convert("noe.json", "noe.jsonl", "--from", "gendergaptracker", "--leave-out")
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "guillemet: noe.json: left out: document noe, quotes[1].quote: its words are not in the text",
        "noe.jsonl: 1 documents, 1 quotations",
    ]


def test_what_a_prediction_says_is_nowhere_in_the_text_goes_nowhere(convert: Convert) -> None:
    quotations = [{"spans": [[0, 7]]}, {"spans": []}]
    Path("said.jsonl").write_text(
        json.dumps({"id": "a", "text": "« Oui », dit Noé Bihan.", "quotations": quotations}), encoding="utf-8"
    )

    refused = convert("said.jsonl", "brat", "--to", "brat")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "guillemet: said.jsonl: document a, quotations[1].spans: is empty: its words have no place in the text\n",
    )

    done = convert("said.jsonl", "brat", "--to", "brat", "--leave-out")
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "guillemet: said.jsonl: left out: document a, quotations[1].spans: is empty: its words have no place in the text",
        "brat: 1 documents, 1 quotations",
    ]


@pytest.mark.parametrize(
    ("name", "format", "sentence"),
    [
        ("none.jsonl", "guillemet", "holds no document; at least one is needed"),
        ("none.json", "citron", "is empty; a JSON value is accepted"),
        ("blank.json", "fracas", "is empty; a JSON value is accepted"),
    ],
)
def test_nothing_is_not_converted(convert: Convert, name: str, format: str, sentence: str) -> None:
    Path(name).write_text("\n \n" if name == "blank.json" else "", encoding="utf-8")

    result = convert(name, "out.jsonl", "--from", format)

    assert (result.exit_code, result.stderr) == (2, f"guillemet: {name}: {sentence}\n")
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize(("format", "file"), [("brat", "a.ann"), ("citron", "a.json")])
def test_a_folder_that_cannot_be_read_is_a_fault(
    convert: Convert, format: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody can look into a folder whose path is longer than the system takes.
    for name in ["press", *(["x" * 250] * 17)]:
        Path(name).mkdir()
        monkeypatch.chdir(name)
    monkeypatch.chdir(tmp_path)
    Path("press", file).write_text('{"text": "a", "quotes": []}' if format == "citron" else "", encoding="utf-8")
    Path("press/a.txt").write_text("Rien.", encoding="utf-8")

    result = convert("press", "out.jsonl", "--from", format)

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("guillemet: press: xxx")
    assert result.stderr.endswith("x: cannot be read (File name too long)\n")


def test_an_id_too_long_for_a_file_leaves_nothing_behind(convert: Convert) -> None:
    documents = [{"id": own, "text": "Rien.", "quotations": []} for own in ("a", "é" * 126)]
    Path("long.jsonl").write_text("".join(f"{json.dumps(document)}\n" for document in documents), encoding="utf-8")

    result = convert("long.jsonl", "brat", "--to", "brat")

    assert (result.exit_code, Path("brat").exists()) == (2, False)
    assert result.stderr == (f"guillemet: brat: document {'é' * 40}…, id: is longer, as the name of a file, than 255 bytes\n")


@pytest.mark.parametrize("format", ["guillemet", "brat", "fracas"])
def test_other_fields_of_a_document_are_kept(convert: Convert, format: str) -> None:
    fields = {"outlet": "Le Quai", "score": 3, "tags": ["a", {"b": None}], "desk": None}
    document = {"id": "a", "text": "Rien.", "entities": [], "quotations": [], **fields}
    Path("in.jsonl").write_text(json.dumps(document), encoding="utf-8")

    assert convert("in.jsonl", "there", "--to", format).exit_code == 0
    assert convert("there", "out.jsonl", "--from", format).exit_code == 0

    assert json.loads(Path("out.jsonl").read_text(encoding="utf-8")) == document


def test_every_fault_is_a_line(convert: Convert) -> None:
    Path("bad.jsonl").write_text('{"id": 1}\n[]\n', encoding="utf-8")

    result = convert("bad.jsonl", "brat", "--from", "fracas", "--to", "brat")

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "guillemet: bad.jsonl: line 1, document 1, text: is missing or no string",
        "guillemet: bad.jsonl: line 1, document 1, entities: is missing or no list",
        "guillemet: bad.jsonl: line 1, document 1, relations: is missing or no list",
        "guillemet: bad.jsonl: line 2: is no object; a document of FRACAS is accepted",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["x.json", "y.jsonl"], "--from is needed for x.json: guillemet, brat, fracas, citron, gendergaptracker"),
        ([PRESS, "y"], "--to is needed for y: guillemet, brat, fracas, bio"),
        (
            ["x.json", "y.jsonl", "--from", "bio"],
            "--from bio: it is only written; guillemet, brat, fracas, citron, gendergaptracker",
        ),
        ([PRESS, "y", "--to", "citron"], "--to citron: it is only read; guillemet, brat, fracas, bio are accepted"),
        ([PRESS, "y.jsonl", "--texts", PRESS], "--texts is for other formats; one of guillemet holds its own"),
        ([PRESS, "x.json", "--to", "fracas"], "x.json is there already; name another OUTPUT, or remove it"),
    ],
)
def test_misuse_is_said_in_a_line(arguments: list[object], sentence: str, convert: Convert) -> None:
    Path("x.json").write_text("{}", encoding="utf-8")

    result = convert(*arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"guillemet: {sentence}")
    assert result.stderr.count("\n") == 1


def test_only_formats_that_work_are_offered(convert: Convert) -> None:
    offered = convert("--help").stdout

    assert "<guillemet|brat|fracas|citron|gendergaptracker>" in offered
    assert "<guillemet|brat|fracas|bio>" in offered


def test_an_output_that_cannot_be_written_is_a_failure(convert: Convert) -> None:
    result = convert(PRESS, "nowhere/y.jsonl")

    assert result.exit_code == 1
    assert result.stderr == "guillemet: nowhere/y.jsonl cannot be written (No such file or directory)\n"
