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
N_ARTICLES = 8


def predicted(gold: Json) -> Json:
    """Return a prediction that goes wrong in every way there is, one after the other, and states probabilities."""
    copy: Json = json.loads(json.dumps(gold))
    entities = [entity["id"] for entity in copy["entities"]]
    quotations = []
    for number, quotation in enumerate(copy["quotations"]):
        begin, end = quotation["spans"][-1]
        match number % 7:
            case 0:
                continue  # missed; what stands there instead is spurious
            case 1:
                quotation["spans"][-1] = [begin, end - (end - begin) // 4]
            case 2:
                quotation["type"] = "mixed" if quotation["type"] == "direct" else "direct"
            case 3:
                quotation["source"] = [0, 1]
            case 4:
                quotation["speaker"] = (
                    entities[entities.index(quotation["speaker"]) - 1] if quotation["speaker"] else entities[0]
                )
        quotations.append(quotation)
    quotations += [{"type": "direct", "spans": spans} for spans in ([[0, 2]], [span_of_a_mark(gold["text"])], [])]
    for number, quotation in enumerate(quotations):
        stated = 0.05 + (number * 37 % 90) / 100
        quotation.update(dict.fromkeys(("probability", "source_probability", "speaker_probability"), stated))
    for entity in copy["entities"]:
        entity["institution_probability"] = 0.5
    return {**copy, "quotations": sorted(quotations, key=lambda quotation: quotation["spans"])}


def span_of_a_mark(text: str) -> list[int]:
    begin = next(position for position, character in enumerate(text) if not character.isalnum())
    return [begin, begin + 1]


@pytest.fixture(scope="module")
def sides(gold_documents: list[Json]) -> tuple[list[Json], list[Json]]:
    """Return gold articles of two outlets, and predictions; of the last there is none."""
    gold = [{**document, "outlet": f"L’Écho {number % 2} <b>"} for number, document in enumerate(gold_documents[:N_ARTICLES])]
    return gold, [predicted(document) for document in gold[:-1]]


@pytest.fixture(scope="module")
def evaluation(sides: tuple[list[Json], list[Json]]) -> Evaluation:
    return evaluate(*sides, resamples=50)


@pytest.fixture(scope="module")
def file(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(evaluation, path, title="a <system> against & gold")
    return path


@pytest.fixture
def page(file: Path, open_page: OpenPage) -> Page:
    return open_page(file)


def visible(page: Page, selector: str) -> int:
    return page.locator(selector).locator("visible=true").count()


def rows(evaluation: Evaluation, outcome: Outcome) -> int:
    return sum(outcome in pair.outcomes for document in evaluation.documents for pair in document.pairs)


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

    assert row.count() == evaluation.outcomes[Outcome.UNPLACED] == N_ARTICLES - 1
    assert row.first.locator(".side").last.locator(".none").text_content() == "no place in the text"
    row.first.locator(".number").click()
    assert page.locator("[aria-current]").get_attribute("id") == row.first.get_attribute("id")


def test_a_missing_prediction_is_said(page: Page, evaluation: Evaluation) -> None:
    [missing] = evaluation.missing

    assert f"Without a prediction, counted as without quotations: {missing}." in page.locator(".masthead").inner_text()
    assert (page.locator(".judged").last.locator("header .summary").text_content() or "").endswith(", no prediction")


# Filters


def test_clicks_filter_by_outcome_type_and_outlet(page: Page, evaluation: Evaluation) -> None:
    everything = page.locator(".pair").count()
    assert page.locator(".status").text_content() == f"{everything} of {everything} quotations in {N_ARTICLES} articles"

    page.get_by_role("button", name="wrong speaker").click()
    assert visible(page, ".pair") == rows(evaluation, Outcome.WRONG_SPEAKER)
    page.get_by_role("button", name="missed").click()
    assert visible(page, ".pair") == rows(evaluation, Outcome.WRONG_SPEAKER) + rows(evaluation, Outcome.MISSED)
    assert page.get_by_role("button", name="missed").get_attribute("aria-pressed") == "true"

    page.get_by_role("button", name="indirect").click()
    assert {row.get_attribute("data-types") for row in page.locator(".pair:visible").all()} <= {
        "indirect",
        "indirect,mixed",
        "indirect,direct",
    }

    page.get_by_label("outlet").select_option("L’Écho 1 <b>")
    assert {article.get_attribute("data-outlet") for article in page.locator(".judged:visible").all()} == {"L’Écho 1 <b>"}
    left = visible(page, ".pair")
    assert page.locator(".status").text_content() == f"{left} of {everything} quotations in {visible(page, '.judged')} articles"
    assert 0 < left < everything


def test_keys_filter(page: Page, evaluation: Evaluation) -> None:
    for number, outcome in enumerate(Outcome, start=1):
        page.keyboard.press(str(number % 10))
        assert visible(page, ".pair") == rows(evaluation, outcome), outcome
        page.keyboard.press(str(number % 10))

    page.keyboard.press("m")
    assert page.locator(".tools [data-type=mixed]").get_attribute("aria-pressed") == "true"
    page.keyboard.press("o")
    page.keyboard.press("ArrowDown")
    assert len({article.get_attribute("data-outlet") for article in page.locator(".judged:visible").all()}) == 1
    page.keyboard.press("Escape")
    assert visible(page, ".pair") == page.locator(".pair").count()
    assert visible(page, ".judged") == len(evaluation.documents)


def test_in_the_text_only_what_is_filtered_stays_marked(page: Page) -> None:
    page.keyboard.press("1")

    left = page.locator(".text .call:visible")
    assert left.count() == visible(page, ".pair")
    off = page.locator(".text .predicted[data-off]").first
    assert off.evaluate("(it) => getComputedStyle(it).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_j_and_k_go_from_one_to_the_next_and_show_it_in_the_text(page: Page) -> None:
    page.keyboard.press("3")
    page.keyboard.press("j")
    page.keyboard.press("j")

    second = page.locator(".pair:visible").nth(1)
    assert page.locator("[aria-current]").get_attribute("id") == second.get_attribute("id")
    assert page.evaluate("document.activeElement.closest('.pair').id") == second.get_attribute("id")
    assert page.locator(".text [data-active]").count() >= 2
    page.keyboard.press("k")
    assert page.locator("[aria-current]").get_attribute("id") == page.locator(".pair:visible").first.get_attribute("id")


SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_j_begins_with_what_is_on_the_screen(page: Page) -> None:
    for _ in range(2):  # articles have their true heights only once they are near
        page.evaluate("document.getElementById('d4').scrollIntoView()")
        page.evaluate(SETTLED)

    page.keyboard.press("j")

    assert page.locator("[aria-current]").get_attribute("id") == "d4-1"
    page.keyboard.press("k")
    assert (page.locator("[aria-current]").get_attribute("id") or "").startswith("d3-")


def test_what_is_chosen_comes_into_sight(page: Page) -> None:
    page.keyboard.press("k")  # the last
    page.evaluate(SETTLED)

    box = page.locator("[aria-current]").bounding_box()
    assert box is not None
    assert 0 < box["y"] < 720


def test_text_and_list_lead_to_each_other(page: Page) -> None:
    call = page.locator(".judged").nth(2).locator(".call").nth(3)
    call.click()
    assert page.locator("[aria-current]").get_attribute("id") == (call.get_attribute("href") or "").removeprefix("#")

    row = page.locator(".judged").nth(1).locator(".pair").nth(2)
    row.hover()
    active = page.locator(".text [data-pair][data-active]").evaluate_all("(all) => all.map((it) => it.dataset.pair)")
    assert set(active) == {row.get_attribute("data-pair")}


# To the eye


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_legible(file: Path, open_page: OpenPage, contrasts: Callable[[Page], list[float]], scheme: str) -> None:
    page = open_page(file, color_scheme=scheme)
    page.keyboard.press("j")

    ratios = contrasts(page)

    assert len(ratios) > 1000
    assert min(ratios) >= 4.5  # WCAG 2.2, AA


def test_a_phone_shows_all_of_it(file: Path, open_page: OpenPage) -> None:
    page = open_page(file, viewport={"width": 360, "height": 740})

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert visible(page, ".pair") == page.locator(".pair").count()


def test_paper_gets_ink_on_white_and_what_went_wrong(file: Path, open_page: OpenPage, evaluation: Evaluation) -> None:
    page = open_page(file, color_scheme="dark")
    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert visible(page, ".tools, nav") == 0
    assert visible(page, ".pair") == page.locator(".pair").count() - rows(evaluation, Outcome.FOUND)
    assert visible(page, ".on-paper") == 1
    assert len(page.pdf()) > 10_000


def test_paper_gets_what_is_filtered(file: Path, open_page: OpenPage, evaluation: Evaluation) -> None:
    page = open_page(file)
    page.get_by_role("button", name="found").click()
    page.emulate_media(media="print")

    assert visible(page, ".pair") == rows(evaluation, Outcome.FOUND)


def test_paper_holds_no_article_in_which_all_is_found(
    sides: tuple[list[Json], list[Json]], open_page: OpenPage, tmp_path: Path
) -> None:
    gold, answers = sides
    write_report(evaluate(gold[:2], [gold[0], answers[1]], resamples=2), tmp_path / "report.html")
    page = open_page(tmp_path / "report.html")
    assert visible(page, ".judged") == 2

    page.emulate_media(media="print")

    assert visible(page, ".judged") == 1
    assert page.locator("h3").locator("visible=true").text_content() == gold[1]["id"]


def test_it_can_be_read_without_a_script(file: Path, open_page: OpenPage) -> None:
    page = open_page(file, java_script_enabled=False)

    page.locator("#d2-3-call").click()
    assert page.url.endswith("#d2-3")
    assert visible(page, ".pair") == page.locator(".pair").count()


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
    assert visible(page, ".pair") == evaluation.gold


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
