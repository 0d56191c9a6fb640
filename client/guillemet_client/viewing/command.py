"""``guillemet view``: texts, or documents in the one format, as a page for a browser."""

import dataclasses
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from guillemet_client._client import Client
from guillemet_client._errors import GuillemetError
from guillemet_client._files import STDIN, UnreadableFile, is_json_lines, name_of, read_text
from guillemet_client.connecting import Server, asks_a_server, complain, connected, refuse, sentence_of
from guillemet_client.viewing.article import Article, are_articles, read_articles
from guillemet_client.viewing.fields import NotOfTheFormat
from guillemet_client.viewing.page import view_page

_STDOUT = Path("-")
_TIMEOUT_SECONDS = 300.0


@asks_a_server
def view(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="UTF-8 texts, a document each; or .jsonl and .ndjson files of the one format; - is the standard input.",
        ),
    ],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PAGE", help="The HTML file to write; - is the standard output.")
    ],
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
    if output != _STDOUT:
        _check_output(output, files)
    if all(map(is_json_lines, files)) and any(option is not None for option in (server.address, min_probability, timeout)):
        refuse("--server, --min-probability and --timeout are for texts; documents are shown as they are")
    timeout = _TIMEOUT_SECONDS if timeout is None else timeout
    articles: list[Article] = []
    failed = False
    with ExitStack() as stack:

        @cache
        def client() -> Client:
            """Connect for the first text: documents need no server."""
            return stack.enter_context(connected(server, timeout=timeout, min_probability=min_probability))

        titles = Counter(Path(path).name for path in files)
        for path in files:
            name = Path(path).name
            try:
                articles += _articles_of(path, client, title=name_of(path) if path == STDIN or titles[name] > 1 else name)
            except (UnreadableFile, NotOfTheFormat, GuillemetError) as error:
                failed = True
                complain(f"{name_of(path)}: {sentence_of(error, server)}")
    if articles and output == _STDOUT:
        sys.stdout.write(view_page(articles))
    elif articles:
        try:
            output.write_text(view_page(articles), encoding="utf-8")
        except OSError as error:
            failed = True
            complain(f"{output} cannot be written ({error.strerror})")
    if failed:
        raise typer.Exit(1)


def _check_output(output: Path, files: list[str]) -> None:
    if output.is_dir() or not output.parent.is_dir():
        refuse(f"--output: {output} cannot be written; a file in a folder that exists is accepted")
    if output.resolve() in (Path(path).resolve() for path in files if path != STDIN):
        refuse(f"--output: {output} is read, so it cannot be written")


def _articles_of(path: str, client: Callable[[], Client], *, title: str) -> list[Article]:
    text = read_text(path)
    lines = text.removeprefix("\ufeff")
    if is_json_lines(path) or (path == STDIN and are_articles(lines)):
        return list(read_articles(lines))
    document = dataclasses.replace(client().extract(text), id=title)
    return [Article.from_json(document.to_json())]
