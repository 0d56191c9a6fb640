"""Filters and keys of the report, and how it looks, in a real browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Page

from guillemet_evaluation import Evaluation, Outcome, evaluate
from guillemet_evaluation.report import write_report

Json: TypeAlias = dict[str, Any]
OpenPage: TypeAlias = Callable[..., Page]
SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def rows(evaluation: Evaluation, outcome: Outcome) -> int:
    return sum(outcome in pair.outcomes for document in evaluation.documents for pair in document.pairs)


# Filters


def test_clicks_filter_by_outcome_type_and_outlet(page: Page, evaluation: Evaluation) -> None:
    everything = page.locator(".pair").count()
    assert (
        page.locator(".status").text_content()
        == f"{everything} of {everything} quotations in {len(evaluation.documents)} articles"
    )

    page.get_by_role("button", name="wrong speaker").click()
    assert page.locator(".pair:visible").count() == rows(evaluation, Outcome.WRONG_SPEAKER)
    page.get_by_role("button", name="missed").click()
    assert page.locator(".pair:visible").count() == rows(evaluation, Outcome.WRONG_SPEAKER) + rows(evaluation, Outcome.MISSED)
    assert page.get_by_role("button", name="missed").get_attribute("aria-pressed") == "true"

    page.get_by_role("button", name="indirect").click()
    assert {row.get_attribute("data-types") for row in page.locator(".pair:visible").all()} <= {
        "indirect",
        "indirect,mixed",
        "indirect,direct",
    }

    page.get_by_label("outlet").select_option("L’Écho 1 <b>")
    assert {article.get_attribute("data-outlet") for article in page.locator(".judged:visible").all()} == {"L’Écho 1 <b>"}
    left, articles = (page.locator(f"{kind}:visible").count() for kind in (".pair", ".judged"))
    assert page.locator(".status").text_content() == f"{left} of {everything} quotations in {articles} articles"
    assert 0 < left < everything


def test_keys_filter(page: Page, evaluation: Evaluation) -> None:
    for number, outcome in enumerate(Outcome, start=1):
        page.keyboard.press(str(number % 10))
        assert page.locator(".pair:visible").count() == rows(evaluation, outcome), outcome
        page.keyboard.press(str(number % 10))

    page.keyboard.press("m")
    assert page.locator(".tools [data-type=mixed]").get_attribute("aria-pressed") == "true"
    page.keyboard.press("o")
    page.keyboard.press("ArrowDown")
    assert len({article.get_attribute("data-outlet") for article in page.locator(".judged:visible").all()}) == 1
    page.keyboard.press("Escape")
    assert page.locator(".pair:visible").count() == page.locator(".pair").count()
    assert page.locator(".judged:visible").count() == len(evaluation.documents)


def test_in_the_text_only_what_is_filtered_stays_marked(page: Page) -> None:
    page.keyboard.press("1")

    left = page.locator(".text .call:visible")
    assert left.count() == page.locator(".pair:visible").count()
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
    assert page.locator(".pair:visible").count() == page.locator(".pair").count()


def test_paper_gets_ink_on_white_and_what_went_wrong(file: Path, open_page: OpenPage, evaluation: Evaluation) -> None:
    page = open_page(file, color_scheme="dark")
    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(":is(.tools, nav):visible").count() == 0
    assert page.locator(".pair:visible").count() == page.locator(".pair").count() - rows(evaluation, Outcome.FOUND)
    assert page.locator(".on-paper:visible").count() == 1
    assert len(page.pdf()) > 10_000


def test_paper_gets_what_is_filtered(file: Path, open_page: OpenPage, evaluation: Evaluation) -> None:
    page = open_page(file)
    page.get_by_role("button", name="found").click()
    page.emulate_media(media="print")

    assert page.locator(".pair:visible").count() == rows(evaluation, Outcome.FOUND)


def test_paper_holds_no_article_in_which_all_is_found(
    sides: tuple[list[Json], list[Json]], open_page: OpenPage, tmp_path: Path
) -> None:
    gold, answers = sides
    write_report(evaluate(gold[:2], [gold[0], answers[1]], resamples=2), tmp_path / "report.html")
    page = open_page(tmp_path / "report.html")
    assert page.locator(".judged:visible").count() == 2

    page.emulate_media(media="print")

    assert page.locator(".judged:visible").count() == 1
    assert page.locator("h3").locator("visible=true").text_content() == gold[1]["id"]


def test_it_can_be_read_without_a_script(file: Path, open_page: OpenPage) -> None:
    page = open_page(file, java_script_enabled=False)

    page.locator("#d2-3-call").click()
    assert page.url.endswith("#d2-3")
    assert page.locator(".pair:visible").count() == page.locator(".pair").count()
