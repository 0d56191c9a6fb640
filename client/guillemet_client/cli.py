"""``guillemet``: the client's commands, and those of the packages that are installed with it."""

import io
import sys
from importlib.metadata import PackageNotFoundError, entry_points, version
from typing import Annotated, NoReturn

import typer

from guillemet_client import _commands
from guillemet_client.corpora.command import batch
from guillemet_client.viewing.command import view

# What a command of another package needs, and the extra that brings it.
_EXTRAS = {
    "bench": ("the benchmark", "bench"),
    "convert": ("the evaluation packages", "evaluation"),
    "evaluate": ("the evaluation packages", "evaluation"),
    "serve": ("the server", "server"),
    "train": ("the training packages", "train"),
}

_OURS = ("guillemet", "guillemet_bench", "guillemet_client", "guillemet_evaluation", "guillemet_models", "guillemet_server")


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # The texts are French whatever the locale says.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if sys.stdout is None:  # closed by the caller
        sys.exit("guillemet: the standard output is closed")
    try:
        application()(prog_name="guillemet")
        sys.stdout.flush()
    except OSError as error:
        # Files are read with care: what is left is an output that cannot be written.
        sys.stdout = None  # the interpreter would fail to flush it once more
        sys.exit(f"guillemet: cannot write: {error.strerror}")
    except KeyboardInterrupt:  # while commands are loaded
        sys.exit(130)
    except ModuleNotFoundError as error:
        # A plug-in may import what it needs only when it is called.
        command = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
        if command not in _EXTRAS or (error.name or "").partition(".")[0] in _OURS:
            raise
        typer.echo(_needs(command), err=True)
        sys.exit(2)


def application() -> typer.Typer:
    """Return the application, with the commands of all installed packages."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback()(_root)
    app.command()(_commands.extract)
    app.command()(_commands.model)
    app.command()(view)
    app.command()(batch)
    for entry_point in entry_points(group="guillemet.commands"):
        try:
            add_commands = entry_point.load()
        except ModuleNotFoundError:
            _add_placeholder(app, entry_point.name)
        else:
            add_commands(app)
    return app


def _print_version(wanted: bool) -> None:  # noqa: FBT001 (typer passes the option's value)
    if wanted:
        try:
            typer.echo(f"guillemet {version('guillemet')}")
        except PackageNotFoundError:  # run from its folders
            typer.echo("guillemet (not installed)")
        raise typer.Exit


def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Quotations of French texts, and who said them."""


def _add_placeholder(app: typer.Typer, name: str) -> None:
    """Add a command that says what is missing."""

    def refuse(arguments: Annotated[list[str] | None, typer.Argument(hidden=True)] = None) -> NoReturn:  # noqa: ARG001
        typer.echo(_needs(name), err=True)
        raise typer.Exit(2)

    refuse.__doc__ = f"Not installed: {_needs(name).removeprefix(f'guillemet {name} ')}"
    # Options of the real command are arguments to this one.
    app.command(name, context_settings={"ignore_unknown_options": True, "help_option_names": []})(refuse)


def _needs(command: str) -> str:
    what, extra = _EXTRAS.get(command, ("a package", command))
    return f"guillemet {command} needs {what}: install guillemet with its extra '{extra}'"
