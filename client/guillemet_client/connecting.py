"""The client of a command, of a server that it is told or of the embedded model; and what a command says when it fails."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, NoReturn

import typer

from guillemet_client._channel import target_of
from guillemet_client._client import Client

Server = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="HOST:PORT or unix:PATH.  [default: the embedded model, in this process]"),
]


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


def complain(sentence: str) -> None:
    """Say in one line, on standard error, what was wrong."""
    typer.echo(f"guillemet: {sentence}", err=True)


def refuse(sentence: str) -> NoReturn:
    """Say what was misused, and exit with 2."""
    complain(sentence)
    raise typer.Exit(2)
