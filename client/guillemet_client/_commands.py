"""The client's own commands: ``extract`` and ``model``."""

import dataclasses
import json
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from guillemet_client._errors import GuillemetError
from guillemet_client._files import UnreadableFile, is_json_lines, name_of, read_text
from guillemet_client._types import Document
from guillemet_client.connecting import Server, asks_a_server, complain, connected, refuse, sentence_of
from guillemet_client.printing import new_console, print_document, readable_json, shown


class Format(StrEnum):
    """How answers are written."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


@asks_a_server
def extract(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="UTF-8 texts, a document each; - is the standard input.")],
    *,
    format: Annotated[
        Format, typer.Option(help="text: to read; json: to read and to process; jsonl: a line a file, the one format.")
    ] = Format.TEXT,
    server: Server,
    min_probability: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Leave out what is less probable.  [default: the model's own thresholds]"),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="For each file.")] = 300.0,
) -> None:
    """Print the quotations of texts: who said what, by which words of the text."""
    _refuse_json_lines(files)
    failed = any_printed = False
    found: list[Document] = []
    console = new_console()
    with connected(server, timeout=timeout, min_probability=min_probability) as client:
        for path in files:
            try:
                document = dataclasses.replace(client.extract(read_text(path)), id=name_of(path))
            except (UnreadableFile, GuillemetError) as error:
                failed = True
                complain(f"{name_of(path)}: {sentence_of(error, server)}")
                continue
            match format:
                case Format.JSON:
                    found.append(document)
                case Format.JSONL:
                    _write(json.dumps(document.to_json(), ensure_ascii=False))
                case Format.TEXT:
                    if len(files) > 1:
                        if any_printed:
                            console.print()
                        any_printed = True
                        console.print(Text(shown(document.id), style="bold underline"))
                    print_document(document, console)
    if format is Format.JSON and (found or len(files) > 1):
        answers = [readable_json(document) for document in found]
        _write(json.dumps(answers if len(files) > 1 else answers[0], ensure_ascii=False, indent=2))
    if failed:
        raise typer.Exit(1)


@asks_a_server
def model(*, server: Server, timeout: Annotated[float, typer.Option(min=0, metavar="SECONDS")] = 60.0) -> None:
    """Print which model answers, and the limits of its server, as JSON."""
    with connected(server, timeout=timeout) as client:
        try:
            answer = client.get_model()
        except GuillemetError as error:
            complain(sentence_of(error, server))
            raise typer.Exit(1) from error
    _write(json.dumps(dataclasses.asdict(answer), ensure_ascii=False, indent=2))


def _refuse_json_lines(files: list[str]) -> None:
    for path in filter(is_json_lines, files):
        refuse(f"{path}: JSON lines are no text; guillemet batch reads them, guillemet view shows those of the one format")


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
