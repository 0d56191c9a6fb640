"""The report in a real browser: its numbers are those of ``--json``, and every quotation is found by clicks and by keys."""

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Page
from typer.testing import CliRunner

from guillemet_client.cli import application
from guillemet_evaluation import Evaluation, Outcome, evaluate
from guillemet_evaluation.report import report, write_report

Json: TypeAlias = dict[str, Any]
OpenPage: TypeAlias = Callable[..., Page]
# Numbers


def shown_numbers(page: Page) -> dict[tuple[str, ...], tuple[str, str]]:
    """Return where each number of the page stands in the JSON, with its value and how it is shown."""
    found = page.locator("[data-path]").evaluate_all("(all) => all.map((it) => [it.dataset.path, it.value, it.textContent])")
    return {tuple(json.loads(path)): (value, words) for path, value, words in found}


def test_every_number_is_that_of_the_json(page: Page, evaluation: Evaluation) -> None:
    values = json.loads(json.dumps(evaluation.to_json()))

    numbers = shown_numbers(page)

    assert len(numbers) > 400
    for path, (value, words) in numbers.items():
        expected = values
        for key in path:
            expected = expected[int(key) if isinstance(expected, list) else key]
        if expected is None:
            assert (value, words) == ("", "–")
        elif isinstance(expected, int):
            assert (int(value), words) == (expected, f"{expected:,}")
        else:
            assert (float(value), words) == (expected, f"{100 * expected:.1f}")


def test_every_figure_is_on_the_page(page: Page, evaluation: Evaluation) -> None:
    numbers = shown_numbers(page)

    for name, figure in evaluation.figures().items():
        value, interval = ("f1", "f1_interval") if hasattr(figure, "f1") else ("value", "interval")
        bounds = [] if math.isnan(getattr(figure, value)) else [(interval, "0"), (interval, "1")]
        for key in ((value,), *bounds):
            assert (*name.split("."), *key) in numbers
    for cut, slices in evaluation.slices.items():
        for value, score in itertools.product(slices, ("quotation", "joint_source", "joint_speaker")):
            assert ("slices", cut, value, score, "f1") in numbers
            assert ("slices", cut, value, "speaker_accuracy", "value") in numbers
    for decision in evaluation.calibration:
        assert ("calibration", decision, "expected_error") in numbers
    assert {("outcomes", outcome) for outcome in Outcome} <= numbers.keys()


def test_the_plots_show_the_calibration(page: Page, evaluation: Evaluation) -> None:
    values = evaluation.to_json()["calibration"]
    assert {"quotation", "source", "speaker", "institution"} <= values.keys()
    for decision, calibration in values.items():

        def dots(name: str, decision: str = decision) -> list[list[float]]:
            return page.locator(f'[data-decision="{decision}"] .{name}').evaluate_all(
                "(all) => all.map((it) => [Number(it.dataset.x), Number(it.dataset.y)])"
            )

        assert dots("dot") == [[part["stated"], part["right"]] for part in calibration["bins"] if part["answers"]]
        assert dots("hit") == [[point["coverage"], point["risk"]] for point in calibration["risk_coverage"]]


def test_a_plot_places_its_dots_by_their_values(page: Page) -> None:
    places = page.locator(".plot .dot").evaluate_all(
        "(all) => all.map(({ dataset, cx, cy }) => [dataset.x, cx.baseVal.value, dataset.y, cy.baseVal.value].map(Number))"
    )
    (x, x_place, y, y_place), (other_x, other_x_place, *_), *_ = places

    assert other_x_place - x_place == pytest.approx(200 * (other_x - x), abs=0.2)
    assert y_place == pytest.approx(208 - 200 * y, abs=0.2)


# Quotations


def test_every_pair_is_shown_with_both_sides(page: Page, evaluation: Evaluation) -> None:
    shown = page.locator(".judged").evaluate_all("""(all) => all.map((article) => ({
      id: article.querySelector("h3").textContent,
      text: article.querySelector(".text").textContent,
      pairs: [...article.querySelectorAll(".pair")].map((row) => ({
        outcomes: row.dataset.outcomes.split(","),
        iou: Number(row.dataset.iou),
        sides: [...row.querySelectorAll(".side")].map((side) => side.querySelector("blockquote")?.textContent ?? null),
        types: [...row.querySelectorAll(".side")].map((side) => side.querySelector("dd")?.textContent ?? null),
        marks: ["gold", "predicted"].map((name) => [...article.querySelectorAll(`.text .${name}`)]
          .filter((it) => it.dataset.pair === row.dataset.pair).map((it) => it.textContent).join("")),
      })),
    }))""")

    assert len(shown) == len(evaluation.documents)
    for document, seen in zip(evaluation.documents, shown, strict=True):
        assert (seen["id"], seen["text"]) == (document.gold.id, document.gold.text)
        for pair, row in zip(document.pairs, seen["pairs"], strict=True):
            assert row["outcomes"] == list(pair.outcomes)
            assert row["iou"] == round(pair.iou, 6)
            for side, (index, quotations) in enumerate(
                [
                    (pair.gold, document.gold.quotations),
                    (pair.predicted, document.predicted.quotations if document.predicted else ()),
                ]
            ):
                if index is None:
                    assert (row["sides"][side], row["marks"][side]) == (None, "")
                    continue
                words = [span.of(document.gold.text) for span in quotations[index].spans]
                assert row["sides"][side] == (" […] ".join(words) or None)
                assert "".join(row["marks"][side].split()) == "".join("".join(words).split())
                assert row["types"][side] == quotations[index].type
    assert {outcome for document in shown for row in document["pairs"] for outcome in row["outcomes"]} == set(Outcome)


def test_what_the_other_side_does_not_hold_is_marked(page: Page, evaluation: Evaluation) -> None:
    row = page.locator('.pair[data-outcomes="boundary"]').first
    gold, predicted = row.locator("blockquote").all_text_contents()

    assert gold.startswith(predicted)
    assert row.locator("mark").all_text_contents() == [gold.removeprefix(predicted)]
    assert page.locator('.pair[data-outcomes="found"] mark').count() == 0
    assert evaluation.outcomes[Outcome.FOUND] > 0


def test_what_is_wrong_is_set_apart(page: Page) -> None:
    row = page.locator('.pair[data-outcomes="wrong source"]').first

    assert row.locator(".differs dt").all_text_contents() == ["source", "source"]


def test_what_has_no_place_in_the_text_is_said(page: Page, evaluation: Evaluation) -> None:
    row = page.locator('.pair[data-outcomes="spurious,unplaced"]')

    assert row.count() == evaluation.outcomes[Outcome.UNPLACED] == len(evaluation.documents) - 1
    assert row.first.locator(".side").last.locator(".none").text_content() == "no place in the text"
    row.first.locator(".number").click()
    assert page.locator("[aria-current]").get_attribute("id") == row.first.get_attribute("id")


def test_a_missing_prediction_is_said(page: Page, evaluation: Evaluation) -> None:
    [missing] = evaluation.missing

    assert f"Without a prediction, counted as without quotations: {missing}." in page.locator(".masthead").inner_text()
    assert (page.locator(".judged").last.locator("header .summary").text_content() or "").endswith(", no prediction")


# What else may come


def test_hostile_words_are_nothing_but_words(open_page: OpenPage, tmp_path: Path) -> None:
    bad = '</script><script>document.title="x"</script>" onclick=x {{ 7 * 7 }} <img src=x onerror=y>'
    entity = {"id": bad, "kind": "person", "name": bad, "role": bad, "institution": bad, "mentions": [[0, 9]]}
    quotation = {"type": "direct", "spans": [[0, 20]], "cue": [20, 30], "source": [0, 9], "speaker": bad}
    gold = {"id": bad, "text": bad, "outlet": bad, "entities": [entity], "quotations": [quotation]}
    write_report(evaluate([gold], [gold], resamples=2), tmp_path / "report.html", title=bad)

    page = open_page(tmp_path / "report.html")

    assert page.title() == bad
    assert page.locator("h1").text_content() == bad
    assert page.locator("h3").text_content() == bad
    assert page.locator(".text").text_content() == bad
    assert page.locator(".pair dd").all_text_contents().count(bad) == 6  # speaker, role, institution; twice
    assert page.locator("select option").all_text_contents() == ["all", bad]
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0


def test_nothing_predicted_and_no_probability(
    sides: tuple[list[Json], list[Json]], open_page: OpenPage, tmp_path: Path
) -> None:
    evaluation = evaluate(sides[0], [], resamples=2)
    write_report(evaluation, tmp_path / "report.html")

    page = open_page(tmp_path / "report.html")

    assert page.locator("#calibration").count() == 0
    assert "–" in page.locator("[data-path]").all_text_contents()
    page.keyboard.press("1")
    assert page.locator(".pair:visible").count() == evaluation.gold


def test_the_same_evaluation_is_the_same_page(evaluation: Evaluation) -> None:
    assert report(evaluation) == report(evaluation)


def test_the_command_writes_it(
    sides: tuple[list[Json], list[Json]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: OpenPage
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, documents in zip(("gold.jsonl", "system.jsonl"), sides, strict=True):
        Path(name).write_text("\n".join(map(json.dumps, documents)), encoding="utf-8")

    command = [
        "evaluate",
        "gold.jsonl",
        "--predictions",
        "system.jsonl",
        "--resamples",
        "5",
        "--json",
        "--report",
        "report.html",
    ]
    done = CliRunner().invoke(application(), command)

    assert done.exit_code == 0
    value, _ = shown_numbers(open_page(Path("report.html").resolve()))["joint_speaker", "f1"]
    assert float(value) == json.loads(done.stdout)["joint_speaker"]["f1"]
