"""Pointers, filters and keys of the page, in a real browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from playwright.sync_api import Page

Json: TypeAlias = dict[str, Any]
Show: TypeAlias = Callable[..., Page]


def activated(page: Page, role: str) -> str:
    return "".join(page.locator(f'.text [data-active~="{role}"]:not(.call)').all_text_contents())


# Pointers


def test_a_quotation_under_the_pointer_shows_its_cue_its_source_and_the_speakers_name(show: Show, document: Json) -> None:
    page = show(document)

    page.hover('.quotation[data-quotation="4"] >> nth=1')

    assert activated(page, "cue") == "assure"
    assert activated(page, "source") == "Elle"
    assert activated(page, "mention") == "Zoé Hamelprésidente du Comptoir maritime"
    assert activated(page, "quotation") == "les quais" + "étaient « sûrs »"
    assert page.locator(".arcs path").evaluate_all("(all) => all.map((it) => it.className.baseVal)") == [
        "cue",
        "source",
        "name",
    ]

    page.hover("h1")
    assert page.locator("[data-active], .arcs").count() == 0


def test_no_word_moves_when_something_is_shown(show: Show, gold_documents: list[Json]) -> None:
    page = show(*gold_documents, viewport={"width": 1200, "height": 500})

    moved = page.evaluate("""() => {
      const calls = [...document.querySelectorAll(".call")];
      const places = () => calls.map((call) => call.getBoundingClientRect()).map(({ x, y }) => [x, y + scrollY]).join();
      const before = places();
      return calls.map((call) => {
        call.dispatchEvent(new PointerEvent("pointerover", { bubbles: true, pointerType: "mouse" }));
        return places();
      }).filter((now) => now !== before).length;
    }""")

    assert moved == 0


def test_of_nested_quotations_the_inner_one_is_meant(show: Show, document: Json) -> None:
    page = show(document)

    page.locator('.quotation[data-quotation="2"]').first.click(position={"x": 2, "y": 10})

    assert activated(page, "quotation").startswith('"')
    assert page.locator("[aria-current]").get_attribute("id") == "a1-q2"
    assert page.url.endswith("#a1-q2")


def test_a_chosen_quotation_stays_until_another_one_or_nothing_is(show: Show, document: Json) -> None:
    page = show(document)
    page.locator('.quotation[data-quotation="5"]').click()
    page.hover("#a1-q1")
    assert activated(page, "source") == "Zoé Hamel"

    page.hover("h1")
    assert activated(page, "source") == "<b>Luc & Cie</b>"
    page.locator(".text p").first.click()
    assert page.locator("[data-active], [aria-current]").count() == 0


def test_an_entry_leads_to_its_quotation(show: Show, gold_documents: list[Json]) -> None:
    page = show(*gold_documents[:3], viewport={"width": 1200, "height": 500})

    page.locator("#a3-q9 blockquote").click()

    call = page.locator("#a3-q9-call")
    box = call.bounding_box()
    assert box is not None
    assert 0 < box["y"] < 500
    assert call.evaluate("(it) => it === document.activeElement")


def test_a_chosen_quotations_entry_is_in_the_window(show: Show, gold_documents: list[Json]) -> None:
    for document in (gold_documents[0], gold_documents[7], gold_documents[11]):
        page = show(document, viewport={"width": 1200, "height": 500})
        for number in range(1, len(document["quotations"]) + 1):
            page.locator(f"#a1-q{number}-call").click()
            box = page.locator(f"#a1-q{number}").bounding_box()
            assert box is not None
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 500


def test_an_address_leads_to_its_quotation(show: Show, document: Json, tmp_path: Path) -> None:
    page = show(document)
    page.goto(f"{(tmp_path / 'page.html').as_uri()}#a1-q4")
    page.reload()

    assert page.locator("[aria-current]").get_attribute("id") == "a1-q4"


# Filters


def test_clicks_filter_by_type(show: Show, document: Json) -> None:
    page = show(document)
    direct, indirect, mixed = page.locator(".types button").all()
    assert [button.text_content() for button in (direct, indirect, mixed)] == ["directe 2", "indirecte 2", "mixte 1"]

    direct.click()
    mixed.click()

    assert page.locator(".entry:visible").count() == 3
    assert {entry.get_attribute("data-type") for entry in page.locator(".entry:visible").all()} == {"direct", "mixed"}
    assert page.locator(".call:visible").count() == 3
    assert page.locator(".status").text_content() == "3 sur 5 citations"
    assert (direct.get_attribute("aria-pressed"), indirect.get_attribute("aria-pressed")) == ("true", "false")
    off = page.locator('.text .quotation[data-type="indirect"]').first
    assert off.evaluate("(it) => getComputedStyle(it).textDecorationColor") == "rgba(0, 0, 0, 0)"

    direct.click()
    mixed.click()
    assert page.locator(".entry:visible").count() == 5


def test_a_click_on_a_name_shows_what_that_speaker_says(show: Show, document: Json) -> None:
    page = show(document)

    page.get_by_role("button", name="Zoé Hamel").click()

    assert [entry.get_attribute("id") for entry in page.locator(".entry:visible").all()] == ["a1-q1", "a1-q4"]
    assert page.locator("[aria-current]").get_attribute("id") == "a1-q1"
    page.get_by_role("button", name="agence").click()
    assert [entry.get_attribute("id") for entry in page.locator(".entry:visible").all()] == ["a1-q3"]
    page.get_by_role("button", name="agence").click()
    assert page.locator(".entry:visible").count() == 5


def test_a_search_finds_speakers_whatever_the_accents(show: Show, document: Json, gold_documents: list[Json]) -> None:
    page = show(document, gold_documents[0])

    page.keyboard.press("/")
    page.keyboard.type("ZOE maritime")

    assert page.locator(".name:visible bdi").all_text_contents() == ["Zoé Hamel"]
    assert page.locator(".article:visible").count() == 1
    assert page.locator(".contents li:visible").count() == 1
    page.keyboard.press("Enter")
    assert page.locator("[aria-current]").get_attribute("id") == "a1-q1"
    page.keyboard.press("Escape")
    assert page.locator(".article:visible").count() == 2
    assert page.locator("[data-off], [aria-current]").count() == 0


# Keys


def test_j_and_k_go_from_quotation_to_quotation(show: Show, document: Json) -> None:
    page = show(document, document)
    current = page.locator("[aria-current]")

    for key, expected in zip("jjjjjjkk", ("a1-q1", "a1-q2", "a1-q3", "a1-q4", "a1-q5", "a2-q1", "a1-q5", "a1-q4"), strict=True):
        page.keyboard.press(key)
        assert current.get_attribute("id") == expected
        assert page.evaluate("document.activeElement.id") == f"{expected}-call"
    page.keyboard.press("ArrowRight")
    assert current.get_attribute("id") == "a1-q5"
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    assert current.get_attribute("id") == "a2-q5"


def test_j_passes_over_what_is_filtered_out(show: Show, document: Json) -> None:
    page = show(document)
    page.locator(".types button").nth(1).click()

    page.keyboard.press("j")

    assert page.locator("[aria-current]").get_attribute("id") == "a1-q3"


def test_tab_reaches_every_quotation_and_the_focus_is_seen(show: Show, document: Json) -> None:
    page = show(document)
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.call')"):
            reached.append(page.evaluate("document.activeElement.dataset.number"))
            outline = page.evaluate("getComputedStyle(document.activeElement, '::after').outlineStyle")
            assert outline == "solid"

    assert sorted(set(reached)) == ["1", "2", "3", "4", "5"]


def test_keys_with_a_modifier_are_the_browsers(show: Show, document: Json) -> None:
    page = show(document)

    page.keyboard.press("Control+j")

    assert page.locator("[aria-current]").count() == 0
