"""The client's own commands: ``extract`` and ``model``."""

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, NoReturn

import typer
from rich.text import Text

from guillemet_client._channel import target_of
from guillemet_client._client import Client
from guillemet_client._errors import GuillemetError
from guillemet_client._files import UnreadableFile, name_of, read_text
from guillemet_client._types import Document
from guillemet_client.printing import new_console, print_document, readable_json, shown


class Format(StrEnum):
    """How answers are written."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


Server = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="HOST:PORT or unix:PATH.  [default: the embedded model, in this process]"),
]


def extract(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="UTF-8 texts, a document each; - is the standard input.")],
    *,
    format: Annotated[
        Format, typer.Option(help="text: to read; json: to read and to process; jsonl: a line a file, the one format.")
    ] = Format.TEXT,
    server: Server = None,
    min_probability: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Leave out what is less probable.  [default: the model's own thresholds]"),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="For each file.")] = 300.0,
) -> None:
    """Print the quotations of texts: who said what, by which words of the text."""
    failed = any_printed = False
    found: list[Document] = []
    console = new_console()
    with connected(server, timeout=timeout, min_probability=min_probability) as client:
        for path in files:
            try:
                document = dataclasses.replace(client.extract(read_text(path)), id=name_of(path))
            except (UnreadableFile, GuillemetError) as error:
                failed = True
                complain(f"{name_of(path)}: {sentence_of(error)}")
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


def model(*, server: Server = None, timeout: Annotated[float, typer.Option(min=0, metavar="SECONDS")] = 60.0) -> None:
    """Print which model answers, and the limits of its server, as JSON."""
    with connected(server, timeout=timeout) as client:
        try:
            answer = client.get_model()
        except GuillemetError as error:
            complain(sentence_of(error))
            raise typer.Exit(1) from error
    _write(json.dumps(dataclasses.asdict(answer), ensure_ascii=False, indent=2))


@contextmanager
def connected(address: str | None, **settings: Any) -> Iterator[Client]:
    """Yield a client of the server at `address`, or of one of this process."""
    with ExitStack() as stack:
        if address is None:
            address = stack.enter_context(_embedded_server())
        try:
            target_of(address)
        except ValueError as error:
            refuse(f"--server: {error}")
        try:
            client = stack.enter_context(Client(address, **settings))
        except ValueError as error:
            refuse(str(error))
        yield client


@contextmanager
def _embedded_server() -> Iterator[str]:
    """Run a server in this process and yield its address."""
    with ExitStack() as stack:
        try:
            address: str = stack.enter_context(_embedded().load()())
        except ModuleNotFoundError:
            refuse("no --server ADDRESS, and the embedded model needs the server: pip install 'guillemet[server]'")
        except Exception as error:  # noqa: BLE001 (of a package that is not to be known here)
            refuse(f"the embedded model does not start: {error}")
        yield address


def _embedded() -> EntryPoint:
    for entry_point in entry_points(group="guillemet.embedded"):
        return entry_point
    raise ModuleNotFoundError


def sentence_of(error: Exception) -> str:
    """Return what was wrong; the path of a field of a request says nothing here."""
    field = getattr(error, "field", None)
    return str(error).removeprefix(f"{field}: ")


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def complain(sentence: str) -> None:
    """Say in one line, on standard error, what was wrong."""
    typer.echo(f"guillemet: {sentence}", err=True)


def refuse(sentence: str) -> NoReturn:
    """Say what was misused, and exit with 2."""
    complain(sentence)
    raise typer.Exit(2)
