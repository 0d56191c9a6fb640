"""What ``guillemet evaluate`` measures, saves and prints."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import Result

from guillemet_evaluation import Document, compare, evaluate, read_documents
from guillemet_evaluation.asking import written

Evaluate = Callable[..., Result]
Write = Callable[[str, Sequence[Document]], str]


def test_predictions_of_a_file_are_measured_as_the_library_does(run: Evaluate, write: Write, gold: list[Document]) -> None:
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


def test_two_systems_are_compared(run: Evaluate, write: Write, gold: list[Document]) -> None:
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


def test_gold_may_be_a_folder(run: Evaluate, write: Write, gold: list[Document]) -> None:
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


def test_of_words_without_a_place_the_first_are_listed(run: Evaluate, write: Write, port: Document) -> None:
    write("gold.jsonl", [port])
    Path("port.json").write_text(json.dumps([{"quote": "La mer monte.", "quote_index": "(0, 13)"}] * 25), encoding="utf-8")

    done = run("gold.jsonl", "--predictions", "port.json", "--format", "gendergaptracker")

    assert done.exit_code == 0
    assert done.stdout.startswith("1 documents, 3 quotations; 25 predicted\n")
    assert done.stderr.splitlines()[-1] == "guillemet: port.json: unplaced: and 5 more"
    assert done.stderr.count("\n") == 21


def test_saved_predictions_replace_a_file_only_by_force_and_when_all_are_there(
    run: Evaluate, write: Write, gold: list[Document], address: str
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
