"""``guillemet health``: whether a server is ready, for what asks from outside, such as a container's engine."""

from pathlib import Path
from typing import Annotated

import typer

_DEFAULT_SERVICE = "guillemet.v1.QuotationService"


def health(
    address: Annotated[str, typer.Argument(help="HOST:PORT or unix:PATH.")] = "127.0.0.1:50051",
    *,
    service: Annotated[str, typer.Option(help='Empty: whether the process lives, "" of grpc.health.v1.')] = _DEFAULT_SERVICE,
    tls_ca: Annotated[Path | None, typer.Option(help="PEM: ask over TLS, and trust these authorities.")] = None,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM, to show to a server that asks for one.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM, of the certificate.")] = None,
    tls_name: Annotated[str | None, typer.Option(help="That the server's certificate bears, if not its host.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds.")] = 5.0,
) -> None:
    """Exit with 0 if the server at ADDRESS is ready, with 1 if it is not; no token is needed."""
    import grpc  # noqa: PLC0415 (the command line also runs where no server is installed)
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: PLC0415

    options = [("grpc.enable_http_proxy", 0), *([] if tls_name is None else [("grpc.ssl_target_name_override", tls_name)])]
    if tls_ca is None:
        channel = grpc.insecure_channel(address, options)
    else:
        try:
            roots, chain, key = (None if path is None else path.read_bytes() for path in (tls_ca, tls_certificate, tls_key))
        except OSError as error:
            typer.echo(f"guillemet health: {error.filename}: {error.strerror}", err=True)
            raise typer.Exit(2) from error
        channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(roots, key, chain), options)
    with channel:
        try:
            request = health_pb2.HealthCheckRequest(service=service)
            status = health_pb2_grpc.HealthStub(channel).Check(request, timeout=timeout, wait_for_ready=True).status
        except grpc.RpcError as error:
            typer.echo(f"guillemet health: {address}: {error.code().name}", err=True)
            raise typer.Exit(1) from error
    typer.echo(health_pb2.HealthCheckResponse.ServingStatus.Name(status))
    raise typer.Exit(int(status != health_pb2.HealthCheckResponse.SERVING))
