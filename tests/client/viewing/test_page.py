"""The page in a real browser: what it shows is what the document says, for eyes, pointers, keys and printers."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Page

from guillemet_client.viewing import Article, view_page

Json: TypeAlias = dict[str, Any]
OpenPage: TypeAlias = Callable[..., Page]
Show: TypeAlias = Callable[..., Page]

# What stands where in the text of an article: offsets in code points, as the format counts.
SHOWN = """(article) => {
  const text = article.querySelector(".text");
  const length = (range) => [...range.toString()].length;
  const span = (element) => {
    const range = new Range();
    range.selectNodeContents(text);
    range.setEndBefore(element);
    const begin = length(range);
    range.selectNodeContents(element);
    return [begin, begin + length(range)];
  };
  const words = (root, selector) => root.querySelector(selector)?.textContent.replace(/\\s+/g, " ").trim() ?? null;
  const spans = (selector) => [...text.querySelectorAll(selector)].map(span);
  return {
    title: words(article, "h2"),
    text: text.textContent,
    quotations: [...article.querySelectorAll(".call")].map((call) => {
      const { number } = call.dataset;
      const entry = article.querySelector(`.entry[data-quotation="${number}"]`);
      const speaker = entry.closest(".speaker");
      const id = speaker.dataset.speaker;
      return {
        number: Number(number),
        label: call.getAttribute("aria-label"),
        spans: spans(`.quotation[data-quotation="${number}"]`),
        types: [...text.querySelectorAll(`.quotation[data-quotation="${number}"]`)].map((piece) => piece.dataset.type),
        cue: spans(`[data-cue~="${number}"]`),
        source: spans(`[data-source~="${number}"]`),
        mentions: spans(`[data-name~="${id}"], [data-mention~="${id}"]`),
        words: words(entry, "blockquote"),
        probabilities: [...entry.querySelectorAll("[data-probability]")].map((it) => Number(it.dataset.probability)),
        speaker: words(speaker, ".name bdi"),
        role: words(speaker, ".role"),
        institution: words(speaker, ".institution bdi"),
      };
    }).sort((one, other) => one.number - other.number),
  };
}"""
ARTICLE = Path(__file__).parents[3] / "examples" / "article.txt"
WAIT = 120.0
TYPES = {"direct": "directe", "indirect": "indirecte", "mixed": "mixte"}


@pytest.fixture
def show(open_page: OpenPage, tmp_path: Path) -> Show:
    """Open a page of documents."""

    def show(*documents: Json, **options: Any) -> Page:
        file = tmp_path / "page.html"
        file.write_text(view_page([Article.from_json(document) for document in documents]), encoding="utf-8")
        return open_page(file, **options)

    return show


def positions(text: str, *spans: list[int]) -> set[int]:
    """Return the characters of spans; white space is shown as the browser likes."""
    return {position for begin, end in spans for position in range(begin, end) if not text[position].isspace()}


def on_one_line(words: str) -> str:
    return " ".join(words.split())


def assert_shows(page: Page, document: Json, index: int = 0) -> None:
    """Assert that the index-th article of the page is the document, field by field."""
    shown = page.locator(".article").nth(index).evaluate(SHOWN)
    text = document["text"]
    as_browsers_read = text.replace("\r\n", "\n")
    assert shown["title"] == on_one_line(document["id"])
    assert shown["text"] == as_browsers_read
    assert len(shown["quotations"]) == len(document["quotations"])
    entities = {entity["id"]: entity for entity in document["entities"]}
    for number, (quotation, seen) in enumerate(zip(document["quotations"], shown["quotations"], strict=True), start=1):

        def same(seen: list[list[int]], *spans: list[int] | None) -> bool:
            expected = [[len(text[:at].replace("\r\n", "\n")) for at in span] for span in spans if span is not None]
            return positions(as_browsers_read, *seen) == positions(as_browsers_read, *expected)

        assert seen["number"] == number
        assert set(seen["types"]) == {quotation["type"]}
        assert same(seen["spans"], *quotation["spans"])
        assert same(seen["cue"], quotation["cue"])
        assert same(seen["source"], quotation["source"])
        assert seen["words"] == on_one_line(" […] ".join(text[begin:end] for begin, end in quotation["spans"]))
        stated = ("probability", "source_probability", "speaker_probability")
        assert seen["probabilities"] == [quotation[name] for name in stated if name in quotation]
        speaker = entities.get(quotation["speaker"])
        if speaker is None:
            assert seen["speaker"] == "Locuteur non précisé"
            continue
        name = on_one_line(speaker["name"])
        assert same(seen["mentions"], *speaker["mentions"])
        assert seen["label"] == f"Citation {number}, {TYPES[quotation['type']]}, {speaker['name']}"
        assert seen["speaker"] == name
        for field in ("role", "institution"):
            said = speaker[field] and on_one_line(speaker[field])
            assert seen[field] == (None if said == name else said)


def visible(page: Page, selector: str) -> int:
    return page.locator(selector).locator("visible=true").count()


def activated(page: Page, role: str) -> str:
    return "".join(page.locator(f'.text [data-active~="{role}"]:not(.call)').all_text_contents())


# What it shows


def test_everything_the_document_says_is_on_the_page(show: Show, document: Json) -> None:
    assert_shows(show(document), document)


def test_the_page_of_an_article_shows_what_was_extracted(open_page: OpenPage, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    guillemet = [sys.executable, "-c", "from guillemet_client.cli import main; main()"]
    extract, view = [*guillemet, "extract", ARTICLE, "--format", "jsonl"], [*guillemet, "view", ARTICLE, "-o", page]
    said = subprocess.run(extract, check=True, capture_output=True, timeout=WAIT)
    subprocess.run(view, check=True, timeout=WAIT)

    assert_shows(open_page(page), json.loads(said.stdout) | {"id": ARTICLE.name})


def test_all_gold_articles_are_shown_as_they_are(show: Show, gold_documents: list[Json]) -> None:
    page = show(*gold_documents)

    for index, document in enumerate(gold_documents):
        assert_shows(page, document, index)
    assert page.locator(".contents a").all_text_contents() == [document["id"] for document in gold_documents]


def test_entities_that_do_not_speak_are_not_listed(show: Show, document: Json) -> None:
    assert show(document).locator(".name bdi").all_text_contents() == [
        "Zoé Hamel",
        "agence",
        "Luc & Cie",
        "Locuteur non précisé",
    ]


def test_a_text_without_quotations_is_shown(show: Show, document: Json) -> None:
    page = show({**document, "quotations": []})

    assert page.locator(".text").text_content() == document["text"].replace("\r\n", "\n")
    assert page.locator(".status").text_content() == "0\u00a0citation, 0\u00a0locuteur"
    page.keyboard.press("j")
    assert page.locator("[data-active]").count() == 0


def test_a_hostile_text_is_nothing_but_a_text(show: Show) -> None:
    text = (
        '</p></script><script>document.title="x"</script><img src=x onerror="document.title=1">'
        '&lt;« $policy ${x} »\u202egnirts" a='
    )
    quotation = {"type": "direct", "spans": [[0, len(text)]], "cue": [0, 4], "source": [4, 9], "speaker": text}
    entity = {"id": text, "kind": "person", "name": text, "role": f"{text} ", "institution": f" {text}", "mentions": [[0, 9]]}

    page = show({"id": text, "text": text, "entities": [entity], "quotations": [quotation]})

    assert page.locator(".text").text_content() == text
    assert page.locator("h1").text_content() == text
    assert page.locator(".role bdi").text_content() == f"{text} "
    assert page.title() == f"{text} · citations"
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0


def test_nothing_else_may_run_or_be_loaded(show: Show, document: Json) -> None:
    policy = show(document).locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content") or ""

    assert policy.startswith("default-src 'none';")
    assert re.findall(r"(\w+)-src ([^;]*)", policy)[1][1] == "data:"
    assert "unsafe" not in policy


# To the eye


def test_types_differ_without_colour_and_speakers_by_colour(show: Show, document: Json) -> None:
    page = show(document)

    def style(number: int, name: str) -> str:
        return str(
            page.locator(f'.quotation[data-quotation="{number}"]').first.evaluate(
                "(it, name) => getComputedStyle(it).getPropertyValue(name)", name
            )
        )

    assert [style(number, "text-decoration-style") for number in (1, 3, 4)] == ["solid", "dotted", "dashed"]
    colours = [style(number, "text-decoration-color") for number in (1, 2, 3, 4, 5)]
    assert colours[0] == colours[3]
    assert len(set(colours)) == 4
    assert style(1, "text-underline-offset") != style(2, "text-underline-offset")  # nested: both lines are seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_legible(
    show: Show, gold_documents: list[Json], contrasts: Callable[[Page], list[float]], scheme: str
) -> None:
    page = show(max(gold_documents, key=lambda document: len(document["entities"])), color_scheme=scheme)
    page.locator(".call").first.focus()

    ratios = contrasts(page)

    assert len(ratios) > 100
    assert min(ratios) >= 4.5  # WCAG 2.2, AA


def test_a_phone_shows_all_of_it_and_the_chosen_quotation_at_its_foot(show: Show, gold_documents: list[Json]) -> None:
    document = gold_documents[1] | {"id": "un_nom_de_fichier_sans_blanc_plus_long_que_la_ligne.txt"}
    page = show(document, viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert visible(page, ".sheet") == 0

    page.locator('.quotation[data-quotation="4"]').first.tap()

    sheet = page.locator(".sheet")
    assert sheet.locator("blockquote").text_content() == page.locator("#a1-q4 blockquote").text_content()
    assert sheet.locator("[id]").count() == 0
    box = sheet.bounding_box()
    call = page.locator('.call[data-number="4"]').bounding_box()
    assert box is not None
    assert call is not None
    assert box["y"] + box["height"] == 640
    assert call["y"] + call["height"] < box["y"]
    for button in sheet.locator("button").all():
        size = button.bounding_box()
        assert size is not None
        assert min(size["width"], size["height"]) >= 44

    sheet.get_by_label("Citation suivante").tap()
    assert sheet.locator("blockquote").text_content() == page.locator("#a1-q5 blockquote").text_content()
    sheet.get_by_label("Fermer").tap()
    assert visible(page, ".sheet") == 0


def test_paper_gets_ink_on_white_and_no_controls(show: Show, document: Json) -> None:
    page = show(document, color_scheme="dark")
    page.keyboard.press("j")
    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert visible(page, "input, .arcs, .sheet, .keys") == 0
    assert visible(page, ".entry") == len(document["quotations"])
    assert len(page.pdf()) > 10_000


def test_it_can_be_read_without_a_script(show: Show, document: Json) -> None:
    page = show(document, document, java_script_enabled=False)

    page.locator("#a2-q4-call").click()
    assert page.url.endswith("#a2-q4")
    assert visible(page, ".entry") == 2 * len(document["quotations"])
    page.locator("#a2-q4 .number").click()
    assert page.url.endswith("#a2-q4-call")


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

    assert visible(page, ".entry") == 3
    assert {entry.get_attribute("data-type") for entry in page.locator(".entry:visible").all()} == {"direct", "mixed"}
    assert visible(page, ".call") == 3
    assert page.locator(".status").text_content() == "3 sur 5 citations"
    assert (direct.get_attribute("aria-pressed"), indirect.get_attribute("aria-pressed")) == ("true", "false")
    off = page.locator('.text .quotation[data-type="indirect"]').first
    assert off.evaluate("(it) => getComputedStyle(it).textDecorationColor") == "rgba(0, 0, 0, 0)"

    direct.click()
    mixed.click()
    assert visible(page, ".entry") == 5


def test_a_click_on_a_name_shows_what_that_speaker_says(show: Show, document: Json) -> None:
    page = show(document)

    page.get_by_role("button", name="Zoé Hamel").click()

    assert [entry.get_attribute("id") for entry in page.locator(".entry:visible").all()] == ["a1-q1", "a1-q4"]
    assert page.locator("[aria-current]").get_attribute("id") == "a1-q1"
    page.get_by_role("button", name="agence").click()
    assert [entry.get_attribute("id") for entry in page.locator(".entry:visible").all()] == ["a1-q3"]
    page.get_by_role("button", name="agence").click()
    assert visible(page, ".entry") == 5


def test_a_search_finds_speakers_whatever_the_accents(show: Show, document: Json, gold_documents: list[Json]) -> None:
    page = show(document, gold_documents[0])

    page.keyboard.press("/")
    page.keyboard.type("ZOE maritime")

    assert page.locator(".name:visible bdi").all_text_contents() == ["Zoé Hamel"]
    assert visible(page, ".article") == 1
    assert visible(page, ".contents li") == 1
    page.keyboard.press("Enter")
    assert page.locator("[aria-current]").get_attribute("id") == "a1-q1"
    page.keyboard.press("Escape")
    assert visible(page, ".article") == 2
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
