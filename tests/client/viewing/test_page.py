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
    assert page.locator(".sheet:visible").count() == 0

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
    assert page.locator(".sheet:visible").count() == 0


def test_paper_gets_ink_on_white_and_no_controls(show: Show, document: Json) -> None:
    page = show(document, color_scheme="dark")
    page.keyboard.press("j")
    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(":is(input, .arcs, .sheet, .keys):visible").count() == 0
    assert page.locator(".entry:visible").count() == len(document["quotations"])
    assert len(page.pdf()) > 10_000


def test_it_can_be_read_without_a_script(show: Show, document: Json) -> None:
    page = show(document, document, java_script_enabled=False)

    page.locator("#a2-q4-call").click()
    assert page.url.endswith("#a2-q4")
    assert page.locator(".entry:visible").count() == 2 * len(document["quotations"])
    page.locator("#a2-q4 .number").click()
    assert page.url.endswith("#a2-q4-call")
