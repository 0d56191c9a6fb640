"""Figures are printed in points, in a table that fits a terminal."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from guillemet_client import Span
from guillemet_evaluation import Document, Quotation, compare, evaluate
from guillemet_evaluation.printing import GROUPS, points, print_comparison, print_evaluation

WIDTH = 80


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=WIDTH, markup=False, highlight=False, emoji=False)


def lines(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def cells(console: Console, label: str) -> list[str]:
    [line] = [line for line in lines(console) if line.strip().startswith(label)]
    return line.strip().removeprefix(label).split()


def test_fractions_are_printed_as_points() -> None:
    assert [points(0.12345), points(1), points(float("nan"))] == ["12.3", "100.0", "–"]
    assert [points(0.0123, sign=True), points(-0.5, sign=True)] == ["+1.2", "-50.0"]


def test_every_figure_is_printed() -> None:
    shown = [name for group in GROUPS.values() for name in group]

    assert sorted(shown) == sorted(evaluate([Document(id="a", text="Rien.")], [], resamples=1).figures())


def test_an_evaluation_is_a_table(port: Document, console: Console) -> None:
    gold = [replace(port, id=str(number)) for number in range(4)]
    sure = tuple(replace(said, probability=0.9) for said in port.quotations[:2])

    print_evaluation(evaluate(gold, [replace(it, quotations=sure) for it in gold], resamples=100, seed=7), console)

    assert lines(console)[0] == "4 documents, 12 quotations; 8 predicted"
    assert cells(console, "quotation and speaker") == ["100.0", "66.7", "80.0", "80.0–80.0", "12"]
    assert cells(console, "speaker, source a pronoun") == ["100.0", "100.0–100.0", "4"]
    assert cells(console, "speaker, no source") == ["–", "0"]
    assert cells(console, "quotation  ") == ["8", "10.0", "1.0", "0.0", "100.0", "–", "–"]
    assert cells(console, "« »") == ["4", "100.0", "100.0", "100.0", "100.0–100.0", "100.0"]
    assert cells(console, "unnamed") == ["4", "0.0", "0.0", "0.0", "0.0–0.0", "–"]
    assert "100 resamples of the documents (seed 7)" in lines(console)[-1]
    assert max(map(len, lines(console))) <= WIDTH
    assert "…" not in "".join(lines(console))


def test_what_is_missing_empty_or_unplaced_is_said(port: Document, console: Console) -> None:
    gold = [replace(port, id=f"d{number}\x1b") for number in range(7)]
    marks = replace(port.quotations[0], spans=(Span(9, 11),))

    nowhere = (Quotation(spans=()),) * 2

    print_evaluation(evaluate(gold, [replace(gold[0], quotations=(marks, *nowhere))], resamples=1), console)

    assert "Without a prediction, counted as without quotations: d1�, d2�, d3�, d4�, d5�, and 1 more." in " ".join(
        lines(console)
    )
    assert lines(console)[0] == "7 documents, 21 quotations; 2 predicted"
    assert "Predictions of nothing but marks, not counted: 1." in lines(console)
    assert "Predictions without a place in the text, counted as spurious: 2." in lines(console)


def test_a_comparison_is_a_table_with_the_documents_that_differ_most(port: Document, console: Console) -> None:
    gold = [replace(port, id=str(number)) for number in range(12)]

    print_comparison(compare(gold, [replace(it, quotations=()) for it in gold], gold, resamples=100), console)

    assert lines(console)[0] == "A: 12 documents, 36 quotations; 0 predicted"
    assert cells(console, "quotation and speaker") == ["0.0", "100.0", "+100.0", "+100.0", "to", "+100.0", "0.020"]
    assert cells(console, "type  ") == ["–", "100.0", "–", "–"]
    assert cells(console, "9 ") == ["0.0", "100.0", "3", "0"]
    assert not [line for line in lines(console) if line.startswith("10 ")]
    assert max(map(len, lines(console))) <= WIDTH
