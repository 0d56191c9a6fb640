"""``guillemet serve``, ``health`` and ``token``. What only a server needs is imported when one is wanted."""

import asyncio
import re
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from guillemet_server.config import Limits, ServerConfig, TLSFiles
from guillemet_server.health import health
from guillemet_server.security.tokens import new_token, table_of

_DEFAULTS = Limits()
_FIELD = re.compile("|".join(name for name in (*Limits.__slots__, *ServerConfig.__slots__) if "_" in name))


def add_commands(app: typer.Typer) -> None:
    """Add ``serve``, ``health`` and ``token`` to the application."""
    app.command()(serve)
    app.command()(health)
    app.command()(token)


def serve(
    *,
    listen: Annotated[str, typer.Option(help="HOST:PORT (port 0: any free one) or unix:PATH.")] = "127.0.0.1:50051",
    model: Annotated[Path | None, typer.Option(help="Model folder; without it, the embedded model.")] = None,
    threads: Annotated[int | None, typer.Option(help="For inference; without it, one for each CPU of this process.")] = None,
    runtime: Annotated[Literal["onnx", "torch"], typer.Option(help="torch: a GPU, of a model exported with --torch.")] = "onnx",
    reader_processes: Annotated[
        bool | None,
        typer.Option(help="Read in a process for each thread: more texts a second, more memory. By default with onnx."),
    ] = None,
    max_document_characters: Annotated[int, typer.Option(help="Of one document.")] = _DEFAULTS.max_document_characters,
    max_batch_documents: Annotated[int, typer.Option(help="Of one batch request.")] = _DEFAULTS.max_batch_documents,
    max_batch_tokens: Annotated[
        int, typer.Option(help="Padded, of one inference; fewer, as GetModel says, where the runtime has no use for more.")
    ] = _DEFAULTS.max_batch_tokens,
    max_queue_tokens: Annotated[int, typer.Option(help="That may wait.")] = _DEFAULTS.max_queue_tokens,
    max_request_bytes: Annotated[int, typer.Option(help="Of one message.")] = _DEFAULTS.max_request_bytes,
    max_stream_documents: Annotated[int, typer.Option(help="In work for one stream.")] = _DEFAULTS.max_stream_documents,
    max_header_bytes: Annotated[int, typer.Option(help="Of the metadata of one RPC.")] = _DEFAULTS.max_header_bytes,
    max_connection_rpcs: Annotated[int, typer.Option(help="At once on one connection.")] = _DEFAULTS.max_connection_rpcs,
    max_connections: Annotated[int, typer.Option(help="At once.")] = _DEFAULTS.max_connections,
    max_connection_seconds: Annotated[float | None, typer.Option(help="Then a client connects anew for its next call.")] = None,
    cache_bytes: Annotated[int, typer.Option(help="Of answers kept for texts that come again.")] = 0,
    drain_seconds: Annotated[float, typer.Option(help="To finish what is in work, on SIGTERM.")] = 30.0,
    reflection: Annotated[bool, typer.Option(help="Describe the services to tools such as grpcurl.")] = True,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM, with its chain; read again when it changes.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM, of the certificate.")] = None,
    tls_client_ca: Annotated[Path | None, typer.Option(help="PEM: callers need a certificate of these authorities.")] = None,
    tokens: Annotated[Path | None, typer.Option(help="Callers need a token of this file; see guillemet token.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen beyond this machine, unencrypted or to anybody.")
    ] = False,
    metrics_listen: Annotated[str | None, typer.Option(help="HOST:PORT for Prometheus.")] = None,
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
            max_header_bytes=max_header_bytes,
            max_connection_rpcs=max_connection_rpcs,
            max_connections=max_connections,
        )
        config = ServerConfig(
            listen=listen,
            model=model,
            threads=threads,
            runtime=runtime,
            reader_processes_after=0.0 if reader_processes or (reader_processes is None and runtime == "onnx") else None,
            limits=limits,
            cache_bytes=cache_bytes,
            drain_seconds=drain_seconds,
            reflection=reflection,
            tls=_tls_files(tls_certificate, tls_key, tls_client_ca),
            tokens=tokens,
            insecure=insecure,
            max_connection_seconds=max_connection_seconds,
            metrics_listen=metrics_listen,
        )
    except ValueError as error:
        _fail(_FIELD.sub(lambda field: "--" + field[0].replace("_", "-"), str(error)))
    try:
        from guillemet_server.logs import json_logger  # noqa: PLC0415 (see the module's docstring)
        from guillemet_server.loops import new_event_loop  # noqa: PLC0415
        from guillemet_server.running import run  # noqa: PLC0415
        from guillemet_server.serving import StartError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed; install guillemet with its extra 'server'")
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(run(config, json_logger(log_level)))
    except StartError as error:
        _fail(str(error))


def token(
    name: Annotated[str, typer.Argument(help="Of the caller.")],
    *,
    tokens_per_second: Annotated[float | None, typer.Option(help="Of the model, on average; without it, no quota.")] = None,
) -> None:
    """Make a token: it is shown once, on standard error; what the server's file needs is printed.

    guillemet token newsroom >> tokens.toml
    """
    made = new_token()
    try:
        typer.echo(table_of(name, made, tokens_per_second))
    except ValueError as error:
        _fail(str(error), command="token")
    typer.echo(f"the token of {name}, which nobody can show you again:\n{made}", err=True)


def _tls_files(certificate: Path | None, key: Path | None, client_ca: Path | None) -> TLSFiles | None:
    if certificate is None and key is None and client_ca is None:
        return None
    if certificate is None or key is None:
        raise ValueError("TLS needs both --tls-certificate and --tls-key")
    return TLSFiles(certificate=certificate, key=key, client_ca=client_ca)


def _fail(sentence: str, *, command: str = "serve") -> NoReturn:
    typer.echo(f"guillemet {command}: {sentence}", err=True)
    raise typer.Exit(2)
