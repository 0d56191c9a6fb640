"""``guillemet evaluate``, with a real server; of the model there is a double."""

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from guillemet_client.cli import application
from guillemet_evaluation import Document, compare, evaluate, read_documents
from guillemet_evaluation.asking import written
from guillemet_models import document as found
from guillemet_models.extractor import Extractor, ModelDescription
from guillemet_server.background import background_server
from guillemet_server.config import Limits, ServerConfig
from guillemet_server.logs import json_logger

MAX_CHARACTERS = 1000

Evaluate = Callable[..., Result]


class MarkReader(Extractor):
    """Finds « … », and nobody who says it."""

    description = ModelDescription(
        name="marks", version="1.2.3", sha256=hashlib.sha256(b"").hexdigest(), runtime="onnx", precision="float32", threads=1
    )

    def __init__(self) -> None:
        """Load nothing."""

    def count_tokens(self, text: str) -> int:
        """Count the words."""
        return len(text.split())

    def extract(self, texts: Sequence[str], *, interrupted: Callable[[], bool] | None = None) -> list[found.Document]:  # noqa: ARG002
        """Read."""
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> found.Document:
        quotations = (
            found.Quotation(
                id=f"q{number}",
                type=found.QuotationType.DIRECT,
                spans=(found.Span(*match.span()),),
                cue=None,
                source=None,
                speaker=None,
                probability=0.8,
                source_probability=0.123456,
                speaker_probability=0.6,
            )
            for number, match in enumerate(re.finditer(r"«[^»]*»", text), 1)
        )
        return found.Document(text=text, quotations=tuple(quotations), entities=(), tokens=self.count_tokens(text), windows=1)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    config = ServerConfig(listen="127.0.0.1:0", limits=Limits(max_document_characters=MAX_CHARACTERS))
    with background_server(config, log=json_logger("info", io.StringIO()), load=MarkReader) as running:
        yield running.address


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    app = application()

    def run(*arguments: object) -> Result:
        done = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done

    return run


def write(name: str, documents: Sequence[Document]) -> str:
    lines = (json.dumps(document.to_json(), ensure_ascii=False) for document in documents)
    Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return name


@pytest.fixture
def gold(run: Evaluate, port: Document) -> list[Document]:  # noqa: ARG001 (which changes the folder)
    documents = [replace(port, id=f"d{number}") for number in range(4)]
    write("gold.jsonl", documents)
    return documents


# What is printed


def test_predictions_of_a_file_are_measured_as_the_library_does(run: Evaluate, gold: list[Document]) -> None:
    write("predictions.jsonl", gold[:3])

    table = run("gold.jsonl", "--predictions", "predictions.jsonl", "--resamples", 20, "--seed", 5)
    printed = run("gold.jsonl", "--predictions", "predictions.jsonl", "--resamples", 20, "--seed", 5, "--json")

    assert (table.exit_code, table.stderr, printed.exit_code, printed.stderr) == (0, "", 0, "")
    assert json.loads(printed.stdout) == evaluate("gold.jsonl", "predictions.jsonl", resamples=20, seed=5).to_json()
    assert re.search(r"^  quotation and speaker +100\.0 +75\.0 +85\.7 ", table.stdout, re.MULTILINE)
    assert "Without a prediction, counted as without quotations: d3." in table.stdout


def test_a_server_is_asked_and_what_it_answers_saved(run: Evaluate, gold: list[Document], address: str) -> None:
    asked = run("gold.jsonl", "--server", address, "--save-predictions", "saved.jsonl", "--report", "page.html", "--json")
    again = run("gold.jsonl", "--predictions", "saved.jsonl", "--json")

    assert (asked.exit_code, asked.stderr) == (0, "")
    assert asked.stdout == again.stdout
    assert json.loads(asked.stdout)["iou50"]["correct"] == 4
    saved = read_documents("saved.jsonl")
    assert [document.id for document in saved] == [document.id for document in gold]
    assert saved[0].quotations[0].source_probability == 0.1235
    assert "gold.jsonl: marks 1.2.3" in Path("page.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("gold")
def test_a_server_may_be_told_a_least_probability(run: Evaluate, address: str) -> None:
    done = run("gold.jsonl", "--server", address, "--min-probability", "0.9")

    assert done.stdout.startswith("4 documents, 12 quotations; 0 predicted\n")


def test_two_systems_are_compared(run: Evaluate, gold: list[Document]) -> None:
    files = write("a.jsonl", gold[:1]), write("b.jsonl", gold[:3])

    table = run("gold.jsonl", "--compare", *files, "--resamples", 20)
    printed = run("gold.jsonl", "--compare", *files, "--resamples", 20, "--json")

    assert (table.exit_code, table.stderr) == (0, "")
    assert "documents that differ most" in table.stdout
    assert json.loads(printed.stdout) == compare("gold.jsonl", *files, resamples=20).to_json()


@pytest.mark.usefixtures("gold")
def test_a_report_is_written(run: Evaluate) -> None:
    done = run("gold.jsonl", "--predictions", "gold.jsonl", "--report", "page.html", "--resamples", 5)

    assert (done.exit_code, done.stderr) == (0, "")
    page = Path("page.html").read_text(encoding="utf-8")
    assert "gold.jsonl: gold.jsonl" in page
    assert "Le port rouvrira" in page


def test_gold_may_be_a_folder(run: Evaluate, gold: list[Document]) -> None:
    Path("folder/below").mkdir(parents=True)
    files = write("folder/a.jsonl", gold[:1]), write("folder/below/b.jsonl", gold[1:])

    done = run("folder", "--predictions", "folder", "--report", "page.html", "--resamples", 5)
    over = run("folder", "--predictions", "gold.jsonl", "--report", files[1])
    write(files[1], [*gold[1:], gold[0]])
    twice = run("folder", "--predictions", "gold.jsonl")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("4 documents, 12 quotations; 12 predicted\n")
    assert (over.exit_code, over.stderr) == (
        2,
        "guillemet: --report: folder/below/b.jsonl is GOLD, too; another file is accepted\n",
    )
    assert (twice.exit_code, twice.stderr) == (
        2,
        "guillemet: folder: below/b.jsonl, line 4, id: is the id of a.jsonl, line 1, too; each document has its own\n",
    )


def test_only_formats_that_can_be_read_are_offered(run: Evaluate) -> None:
    assert "<guillemet|brat|fracas|citron|gendergaptracker>" in run("--help").stdout


@pytest.mark.usefixtures("gold")
def test_progress_is_shown_on_a_terminal_only(run: Evaluate, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = run("gold.jsonl", "--server", address)
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = run("gold.jsonl", "--server", address)

    assert silent.stderr == ""
    assert "asking" in shown.stderr
    assert "measuring" in shown.stderr


def test_other_formats_are_read_and_what_has_no_place_in_the_text_is_said(run: Evaluate, gold: list[Document]) -> None:
    quotes = [
        {"quote": "« Le port rouvrira. »", "quote_index": "(52, 73)", "speaker": "Zoé Hamel", "speaker_index": "(0, 9)"},
        {"quote": "« La mer est haute. »", "quote_index": "(75, 96)"},
    ]
    Path("tracker").mkdir()
    for document in gold:
        Path("tracker", f"{document.id}.json").write_text(json.dumps(quotes), encoding="utf-8")

    done = run("gold.jsonl", "--predictions", "tracker", "--format", "gendergaptracker")

    assert done.exit_code == 0
    assert done.stdout.startswith("4 documents, 12 quotations; 8 predicted\n")
    assert "Predictions without a place in the text, counted as spurious: 4." in done.stdout
    assert re.search(r"^  quotation and source +50\.0 +33\.3 +40\.0 ", done.stdout, re.MULTILINE)
    assert done.stderr.splitlines()[0] == (
        "guillemet: tracker: unplaced: d0.json, document d0, quotes[1].quote: its words are not in the text"
    )
    assert done.stderr.count("\n") == len(gold)


def test_of_words_without_a_place_the_first_are_listed(run: Evaluate, port: Document) -> None:
    write("gold.jsonl", [port])
    Path("port.json").write_text(json.dumps([{"quote": "La mer monte.", "quote_index": "(0, 13)"}] * 25), encoding="utf-8")

    done = run("gold.jsonl", "--predictions", "port.json", "--format", "gendergaptracker")

    assert done.exit_code == 0
    assert done.stdout.startswith("1 documents, 3 quotations; 25 predicted\n")
    assert done.stderr.splitlines()[-1] == "guillemet: port.json: unplaced: and 5 more"
    assert done.stderr.count("\n") == 21


def test_saved_predictions_replace_a_file_only_by_force_and_when_all_are_there(
    run: Evaluate, gold: list[Document], address: str
) -> None:
    before = Path(write("saved.jsonl", gold[:1])).read_bytes()

    refused = run("gold.jsonl", "--server", address, "--save-predictions", "saved.jsonl")
    assert (refused.exit_code, Path("saved.jsonl").read_bytes()) == (2, before)
    assert refused.stderr == (
        "guillemet: --save-predictions: saved.jsonl exists; --force replaces it, --predictions reads it\n"
    )
    failed = run("gold.jsonl", "--server", "127.0.0.1:1", "--save-predictions", "saved.jsonl", "--force")
    assert (failed.exit_code, Path("saved.jsonl").read_bytes()) == (1, before)
    done = run("gold.jsonl", "--server", address, "--save-predictions", "saved.jsonl", "--force")

    assert (done.exit_code, len(read_documents("saved.jsonl"))) == (0, len(gold))
    assert sorted(path.name for path in Path().iterdir()) == ["gold.jsonl", "saved.jsonl"]


def test_what_was_answered_before_a_failure_stays_beside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "saved.jsonl"

    def fail_after_an_answer() -> None:
        with written(saved) as file:
            assert file is not None
            file.write("an answer\n")
            raise LookupError

    with pytest.raises(LookupError):
        fail_after_an_answer()

    assert not saved.exists()
    assert (tmp_path / "saved.jsonl.partial").read_text(encoding="utf-8") == "an answer\n"
    assert capsys.readouterr().err == f"guillemet: what was answered is in {saved}.partial\n"


# What is refused


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


def test_predictions_of_other_documents_are_refused(run: Evaluate, gold: list[Document]) -> None:
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
    run: Evaluate, gold: list[Document], address: str
) -> None:
    long = replace(gold[1], text=gold[1].text + " " * MAX_CHARACTERS)
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
