"""``guillemet view``: texts, or documents in the one format, as a page for a browser."""

import dataclasses
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from guillemet_client._client import Client
from guillemet_client._errors import GuillemetError
from guillemet_client._files import STDIN, UnreadableFile, name_of, read_text
from guillemet_client.connecting import Server, asks_a_server, complain, connected, refuse, sentence_of
from guillemet_client.viewing.article import Article, read_articles
from guillemet_client.viewing.fields import NotOfTheFormat
from guillemet_client.viewing.page import view_page

# Files of this name hold documents that are shown as they are; any other is a text, and the server is asked.
_DOCUMENTS = (".jsonl", ".ndjson")
_TIMEOUT_SECONDS = 300.0


@asks_a_server
def view(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="UTF-8 texts, a document each, - being the standard input; or .jsonl and .ndjson files of the one format.",
        ),
    ],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PAGE", help="The HTML file to write.")],
    server: Server,
    min_probability: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Leave out what is less probable.  [default: the model's own thresholds]"),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help=f"For each text.  [default: {_TIMEOUT_SECONDS:g}]")
    ] = None,
) -> None:
    """Write a page that shows the quotations of texts, and who said them, in a browser; it needs no network."""
    if output.is_dir() or not output.parent.is_dir():
        refuse(f"--output: {output} cannot be written; a file in a folder that exists is accepted")
    if output.resolve() in (Path(path).resolve() for path in files if path != STDIN):
        refuse(f"--output: {output} is read, so it cannot be written")
    asked = not all(map(_holds_documents, files))
    if not asked and any(option is not None for option in (server.address, min_probability, timeout)):
        refuse("--server, --min-probability and --timeout are for texts; documents are shown as they are")
    timeout = _TIMEOUT_SECONDS if timeout is None else timeout
    articles: list[Article] = []
    failed = False
    with connected(server, timeout=timeout, min_probability=min_probability) if asked else nullcontext() as client:
        for path in files:
            try:
                articles += _articles_of(path, client)
            except (UnreadableFile, NotOfTheFormat, GuillemetError) as error:
                failed = True
                complain(f"{name_of(path)}: {sentence_of(error)}")
    if articles:
        try:
            output.write_text(view_page(articles), encoding="utf-8")
        except OSError as error:
            failed = True
            complain(f"{output} cannot be written ({error.strerror})")
    if failed:
        raise typer.Exit(1)


def _holds_documents(path: str) -> bool:
    return path.lower().endswith(_DOCUMENTS)


def _articles_of(path: str, client: Client | None) -> list[Article]:
    text = read_text(path)
    if client is None or _holds_documents(path):
        return list(read_articles(text.removeprefix("\ufeff")))
    document = dataclasses.replace(client.extract(text), id=Path(name_of(path)).name)
    return [Article.from_json(document.to_json())]
