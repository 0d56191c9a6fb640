"""The client of a command, of a server that it is told or of the embedded model; and what a command says when it fails."""

import functools
import inspect
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from guillemet_client._channel import is_this_machine, target_of
from guillemet_client._client import Client
from guillemet_client._errors import Unavailable
from guillemet_client._pem import check_authorities, check_pair
from guillemet_client._security import TLS, Token

# Processes are listed with their arguments, but not with their environment.
_TOKEN_VARIABLE = "GUILLEMET_TOKEN"  # noqa: S105 (a name)
# In gRPC's words: a server ends an unencrypted connection before it is one; and what answers is no TLS.
_HUNG_UP = re.compile("last error: .*(Socket closed|Connection reset by peer)")
_NO_TLS = "WRONG_VERSION_NUMBER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Whom a command asks, and how."""

    address: str | None = None  # None: the embedded model, in this process
    tls: TLS | None = None  # None: unencrypted
    token: Token | None = None
    origin: str = "--token-file"  # of the token


def asks_a_server(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name a server; it takes what they mean as its parameter `server`."""
    signature = inspect.signature(command, eval_str=True)
    options = inspect.signature(_server, eval_str=True).parameters

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        said = {name: given.pop(name) for name in options}
        command(**given, server=_server(**said))

    parameters = [
        each
        for parameter in signature.parameters.values()
        for each in (options.values() if parameter.name == "server" else [parameter])
    ]
    # Typer reads it to know the options.
    with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return with_options


@contextmanager
def connected(server: Server, **settings: Any) -> Iterator[Client]:
    """Yield a client of the server that is meant, or of one of this process."""
    with ExitStack() as stack:
        address = server.address
        if address is None:
            address = stack.enter_context(_embedded_server())
        try:
            target_of(address)
        except ValueError as error:
            refuse(f"--server: {error}")
        if server.token is not None and server.tls is None and not is_this_machine(address):
            refuse(f"the token of {server.origin} would go to {address} unencrypted: give --tls, or --tls-ca FILE")
        try:
            client = stack.enter_context(Client(address, tls=server.tls, token=server.token, **settings))
        except ValueError as error:
            refuse(str(error))
        yield client


def _server(
    *,
    server: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="HOST:PORT or unix:PATH.  [default: the embedded model, in this process]"),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Ask the server over TLS, as with any of the next four.")] = False,
    tls_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM: trust these authorities.  [default: those that gRPC brings along]")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM, to show to a server that asks for one.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM, of the certificate.")] = None,
    tls_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="That the server's certificate bears, if not its host.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"Holds the token to send.  [default: the environment's {_TOKEN_VARIABLE}]"),
    ] = None,
) -> Server:
    """Return whom the options mean, or refuse them."""
    of_tls = {
        "--tls": tls or None,
        "--tls-ca": tls_ca,
        "--tls-certificate": tls_certificate,
        "--tls-key": tls_key,
        "--tls-name": tls_name,
    }
    given = [name for name, value in {**of_tls, "--token-file": token_file}.items() if value is not None]
    if server is None:
        if given:
            refuse(f"{given[0]} is for a --server, and none is named")
        return Server()
    is_encrypted = any(value is not None for value in of_tls.values())
    return Server(
        address=server,
        tls=_tls(tls_ca, tls_certificate, tls_key, tls_name) if is_encrypted else None,
        token=_token(token_file),
        origin=_TOKEN_VARIABLE if token_file is None else "--token-file",
    )


def _tls(ca: Path | None, certificate: Path | None, key: Path | None, name: str | None) -> TLS:
    try:
        if ca is not None:
            check_authorities(ca)
        if certificate is not None and key is not None:
            check_pair(certificate, key)
        elif certificate is not None or key is not None:
            refuse("--tls-certificate and --tls-key go together: give both")
    except OSError as error:
        refuse(f"{error.filename} cannot be read ({error.strerror})")
    except ValueError as error:
        refuse(str(error))
    return TLS(roots=ca, certificate=certificate, key=key, server_name=name)


def _token(file: Path | None) -> Token | None:
    """Return the token of the file, or of the environment if there is none."""
    try:
        if file is not None:
            return Token(file.read_text(encoding="utf-8").strip())
        value = os.environ.get(_TOKEN_VARIABLE)
        return Token(value) if value else None
    except OSError as error:
        refuse(f"--token-file: {file} cannot be read ({error.strerror})")
    except ValueError:  # what is no UTF-8 would be shown
        origin = _TOKEN_VARIABLE if file is None else f"--token-file: {file}"
        refuse(f"{origin} holds no token, which is printable ASCII without spaces, and not empty")


@contextmanager
def _embedded_server() -> Iterator[str]:
    """Run a server in this process and yield its address."""
    with ExitStack() as stack:
        try:
            address: str = stack.enter_context(_embedded().load()())
        except ModuleNotFoundError:
            refuse("no --server ADDRESS, and the embedded model needs the server: install guillemet with its extra 'server'")
        except Exception as error:  # noqa: BLE001 (of a package that is not to be known here)
            refuse(f"the embedded model does not start: {error}")
        yield address


def _embedded() -> EntryPoint:
    for entry_point in entry_points(group="guillemet.embedded"):
        return entry_point
    raise ModuleNotFoundError


def sentence_of(error: Exception, server: Server | None = None) -> str:
    """Return what was wrong, and which option may mend it if it is the `server`; the path of a field says nothing here."""
    field = getattr(error, "field", None)
    hint = "" if server is None or server.address is None else _hint(error, server)
    return str(error).removeprefix(f"{field}: ") + hint


def _hint(error: Exception, server: Server) -> str:
    if getattr(error, "reason", None) == "TOKEN_MISSING":
        return f"; --token-file FILE or {_TOKEN_VARIABLE} sends it"
    if not isinstance(error, Unavailable):
        return ""
    if server.tls is None and _HUNG_UP.search(str(error)):
        return "; does it speak TLS? (--tls, or --tls-ca FILE)"
    if server.tls is not None and _NO_TLS in str(error):
        return "; it may speak no TLS: leave out --tls and the like"
    return ""


def complain(sentence: str) -> None:
    """Say in one line, on standard error, what was wrong."""
    typer.echo(f"guillemet: {sentence}", err=True)


def refuse(sentence: str) -> NoReturn:
    """Say what was misused, and exit with 2."""
    complain(sentence)
    raise typer.Exit(2)
