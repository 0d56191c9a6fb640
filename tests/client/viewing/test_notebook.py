from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from guillemet_client import Client, Document
from guillemet_client.viewing import Article, notebook_html

TEXT = "Jeanne Morvan a dit : « Non <b>! »"


@pytest.fixture
def extracted(address: str) -> Document:
    with Client(address) as client:
        return client.extract(TEXT)


def test_a_document_shows_itself(extracted: Document) -> None:
    shown = extracted._repr_html_()

    assert shown == notebook_html(Article.from_json(extracted.to_json()))
    assert 'data-type="direct"' in shown
    assert "« Non &lt;b&gt;! »" in shown
    assert "Jeanne Morvan" in shown


def test_it_needs_no_script_and_claims_no_ids(extracted: Document) -> None:
    shown = extracted._repr_html_()

    for absent in ("<script", " id=", " href=", "<button"):
        assert absent not in shown


def test_its_styles_are_its_own(extracted: Document, open_page: Callable[..., Page], tmp_path: Path) -> None:
    around = '<p class="text quotation">{}</p><ol class="speakers"><li class="speaker">x</li></ol>'
    look = """() => [...document.querySelectorAll("p:not(.guillemet *), ol:not(.guillemet *), body")]
      .map((it) => [...getComputedStyle(it)].filter((name) => !/size|height|origin/.test(name))
        .map((name) => getComputedStyle(it).getPropertyValue(name)))"""
    looks = []
    for index, content in enumerate(["", extracted._repr_html_()]):
        (tmp_path / f"{index}.html").write_text(f"<!DOCTYPE html>{around}{content}", encoding="utf-8")
        looks.append(open_page(tmp_path / f"{index}.html").evaluate(look))

    assert looks[0] == looks[1]


@pytest.mark.parametrize(("theme", "scheme"), [("true", "light"), ("false", "dark")])
def test_it_follows_the_notebooks_theme(
    extracted: Document, open_page: Callable[..., Page], tmp_path: Path, theme: str, scheme: str
) -> None:
    file = tmp_path / "notebook.html"
    file.write_text(f'<!DOCTYPE html><body data-jp-theme-light="{theme}">{extracted._repr_html_()}', encoding="utf-8")
    page = open_page(file, color_scheme="dark" if scheme == "light" else "light")

    def ink() -> Any:
        return page.evaluate("getComputedStyle(document.querySelector('.guillemet')).color")

    shown = ink()
    page.emulate_media(color_scheme=scheme)
    page.evaluate("delete document.body.dataset.jpThemeLight")
    assert ink() == shown
