"""``python -m guillemet_server``: the same as ``guillemet serve``."""

import typer

from guillemet_server.cli import serve

app = typer.Typer(add_completion=False)
app.command()(serve)

if __name__ == "__main__":
    app(prog_name="python -m guillemet_server")
