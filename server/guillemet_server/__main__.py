"""``python -m guillemet_server``: the same as ``guillemet serve``."""

import typer

from guillemet_server.cli import add_commands

app = typer.Typer(add_completion=False)
add_commands(app)

if __name__ == "__main__":
    app(prog_name="python -m guillemet_server")
