"""``guillemet serve``. What a server needs is imported when one is wanted: the command line also runs without it."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from guillemet_server.config import Limits, ServerConfig

_DEFAULTS = Limits()


def add_commands(app: typer.Typer) -> None:
    """Add ``serve`` to the application."""
    app.command()(serve)


def serve(
    *,
    listen: Annotated[str, typer.Option(help="HOST:PORT (port 0: any free one) or unix:PATH.")] = "127.0.0.1:50051",
    model: Annotated[Path | None, typer.Option(help="Model folder; without it, the embedded model.")] = None,
    threads: Annotated[int | None, typer.Option(help="For inference; without it, one for each CPU of this process.")] = None,
    max_document_characters: Annotated[int, typer.Option(help="Of one document.")] = _DEFAULTS.max_document_characters,
    max_batch_documents: Annotated[int, typer.Option(help="Of one batch request.")] = _DEFAULTS.max_batch_documents,
    max_batch_tokens: Annotated[int, typer.Option(help="Padded, of one inference.")] = _DEFAULTS.max_batch_tokens,
    max_queue_tokens: Annotated[int, typer.Option(help="That may wait.")] = _DEFAULTS.max_queue_tokens,
    max_request_bytes: Annotated[int, typer.Option(help="Of one message.")] = _DEFAULTS.max_request_bytes,
    max_stream_documents: Annotated[int, typer.Option(help="In work for one stream.")] = _DEFAULTS.max_stream_documents,
    cache_bytes: Annotated[int, typer.Option(help="Of answers kept for texts that come again.")] = 0,
    drain_seconds: Annotated[float, typer.Option(help="To finish what is in work, on SIGTERM.")] = 30.0,
    reflection: Annotated[bool, typer.Option(help="Describe the services to tools such as grpcurl.")] = True,
    insecure: Annotated[bool, typer.Option("--insecure", help="Listen beyond this machine, unencrypted.")] = False,
    log_level: Annotated[Literal["debug", "info", "warning", "error"], typer.Option(help="debug: a line an RPC.")] = "info",
) -> None:
    """Serve quotation extraction over gRPC until SIGTERM or Ctrl-C."""
    try:
        limits = Limits(
            max_document_characters=max_document_characters,
            max_batch_documents=max_batch_documents,
            max_batch_tokens=max_batch_tokens,
            max_queue_tokens=max_queue_tokens,
            max_request_bytes=max_request_bytes,
            max_stream_documents=max_stream_documents,
        )
        config = ServerConfig(
            listen=listen,
            model=model,
            threads=threads,
            limits=limits,
            cache_bytes=cache_bytes,
            drain_seconds=drain_seconds,
            reflection=reflection,
            insecure=insecure,
        )
    except ValueError as error:
        _fail(str(error))
    try:
        from guillemet_server.logs import json_logger  # noqa: PLC0415 (see the module's docstring)
        from guillemet_server.running import run  # noqa: PLC0415
        from guillemet_server.serving import StartError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed; a server needs: pip install 'guillemet[server]'")
    try:
        asyncio.run(run(config, json_logger(log_level)))
    except StartError as error:
        _fail(str(error))


def _fail(sentence: str) -> NoReturn:
    typer.echo(f"guillemet serve: {sentence}", err=True)
    raise typer.Exit(2)
