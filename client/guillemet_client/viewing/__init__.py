"""Documents to look at: a page for a browser, and the output of a notebook's cell."""

from guillemet_client.viewing.article import Article, read_articles
from guillemet_client.viewing.fields import NotOfTheFormat
from guillemet_client.viewing.page import notebook_html, view_page

__all__ = ["Article", "NotOfTheFormat", "notebook_html", "read_articles", "view_page"]
