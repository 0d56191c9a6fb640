"""One page of articles that needs nothing but itself, and the same for a notebook."""

from collections.abc import Sequence
from string import Template

from guillemet_client._types import QuotationType
from guillemet_client.viewing.article import Article
from guillemet_client.viewing.fragment import TYPES, Fragment, counted
from guillemet_client.viewing.markup import element, escape
from guillemet_client.viewing.sources import asset, content_policy, stylesheet


def view_page(articles: Sequence[Article]) -> str:
    """Return a page with the articles, their quotations and who said them.

    It loads nothing, and its policy forbids it to: a text can neither run a script nor reach a network.
    """
    title = articles[0].id if len(articles) == 1 else counted(len(articles), "texte")
    sections = [_section(article, f"a{number}") for number, article in enumerate(articles, start=1)]
    styles, script = stylesheet() + asset("page.css"), asset("page.js")
    return Template(asset("page.html")).substitute(
        policy=content_policy(styles=styles, script=script),
        styles=styles,
        script=script,
        title=escape(title),
        contents=_contents(articles) if len(articles) > 1 else "",
        summary=_summary(articles),
        types="".join(_type_button(name, articles) for name in TYPES),
        articles="".join(sections),
    )


def notebook_html(article: Article) -> str:
    """Return the article for a notebook's output: styles that touch nothing else, and no script."""
    fragment = Fragment(article)
    body = element("p", fragment.summary, {"class": "summary"}) + fragment.text() + fragment.speakers()
    return element("div", element("style", stylesheet()) + element("div", body, {"class": "article"}), {"class": "guillemet"})


def _summary(articles: Sequence[Article]) -> str:
    if len(articles) == 1:
        return Fragment(articles[0]).summary
    return counted(sum(len(article.attributions) for article in articles), "citation")


def _section(article: Article, anchor: str) -> str:
    fragment = Fragment(article, anchor=anchor)
    heading = element("h2", element("bdi", escape(article.id)), {"id": f"{anchor}-title"})
    header = element("header", heading + element("p", fragment.summary, {"class": "summary"}))
    aside = element("aside", fragment.speakers(), {"aria-label": "Locuteurs", "tabindex": "-1"})
    attributes = {"class": "article", "id": anchor, "aria-labelledby": f"{anchor}-title"}
    return element("section", header + fragment.text() + aside, attributes)


def _contents(articles: Sequence[Article]) -> str:
    links = [
        element("a", element("bdi", escape(article.id)), {"href": f"#a{number}"})
        + " "
        + element("span", Fragment(article).summary, {"class": "summary"})
        for number, article in enumerate(articles, start=1)
    ]
    items = "".join(element("li", link) for link in links)
    return element("nav", element("ol", items), {"aria-label": "Textes", "class": "contents"})


def _type_button(name: QuotationType, articles: Sequence[Article]) -> str:
    """Return the button that shows only quotations of a type; it is the legend as well."""
    number = sum(attribution.type is name for article in articles for attribution in article.attributions)
    sample = element("span", TYPES[name], {"class": "quotation", "data-type": name})
    return element("button", f"{sample} {number}", {"type": "button", "aria-pressed": "false", "data-type": name})
