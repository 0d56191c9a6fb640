"""Documents to look at: a page for a browser, and the output of a notebook's cell; and what other pages of texts can share."""

from guillemet_client.viewing.article import Article, read_articles
from guillemet_client.viewing.fields import NotOfTheFormat
from guillemet_client.viewing.layout import Mark, laid_out
from guillemet_client.viewing.page import notebook_html, view_page
from guillemet_client.viewing.sources import content_policy, stylesheet

__all__ = [
    "Article",
    "Mark",
    "NotOfTheFormat",
    "content_policy",
    "laid_out",
    "notebook_html",
    "read_articles",
    "stylesheet",
    "view_page",
]
