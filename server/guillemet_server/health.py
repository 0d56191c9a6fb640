"""``guillemet health``: whether a server is ready, for what asks from outside, such as a container's engine."""

import re
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from guillemet_server.security.pem import check_authorities, check_pair

# A name or an address, one of IPv6 in brackets, and a port; or the path of a socket.
_ADDRESS = re.compile(r"(?:[^\s:/\[\]]+|\[[0-9A-Fa-f:.%\w]+\]):(?P<port>[0-9]{1,5})|unix:.+")
_PORTS = range(1, 2**16)
# gRPC counts nanoseconds in 64 bits; beyond this it would expire at once.
_LONGEST_SECONDS = 1e9
_DEFAULT_SERVICE = "guillemet.v1.QuotationService"


def health(
    address: Annotated[str, typer.Argument(help="HOST:PORT or unix:PATH.")] = "127.0.0.1:50051",
    *,
    service: Annotated[str, typer.Option(help='Empty: whether the process lives, "" of grpc.health.v1.')] = _DEFAULT_SERVICE,
    tls: Annotated[bool, typer.Option("--tls", help="Ask over TLS, as with any of the next four.")] = False,
    tls_ca: Annotated[
        Path | None, typer.Option(help="PEM: trust these authorities.  [default: those that gRPC brings along]")
    ] = None,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM, to show to a server that asks for one.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM, of the certificate.")] = None,
    tls_name: Annotated[str | None, typer.Option(help="That the server's certificate bears, if not its host.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds.")] = 5.0,
) -> None:
    """Exit with 0 if the server at ADDRESS is ready, with 1 if it is not; no token is needed."""
    import grpc  # noqa: PLC0415 (the command line also runs where no server is installed)
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: PLC0415

    meant = _ADDRESS.fullmatch(address)
    if not meant or (meant["port"] and int(meant["port"]) not in _PORTS):
        _refuse(f"{address!r} is no address; HOST:PORT and unix:PATH are")
    if not 0 < timeout <= _LONGEST_SECONDS:  # nor NaN
        _refuse(f"--timeout must be a number of seconds above 0, not {timeout:g}")
    files = _files(tls_ca, tls_certificate, tls_key)
    options = [("grpc.enable_http_proxy", 0), *([] if tls_name is None else [("grpc.ssl_target_name_override", tls_name)])]
    if tls or tls_name is not None or any(files):
        roots, chain, key = files
        channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(roots, key, chain), options)
    else:
        channel = grpc.insecure_channel(address, options)
    with channel:
        check, request = health_pb2_grpc.HealthStub(channel).Check, health_pb2.HealthCheckRequest(service=service)
        try:
            status = check(request, timeout=timeout).status
        except grpc.RpcError as error:
            code, details = error.code(), error.details()
            why = f"it knows no service {service!r}" if code is grpc.StatusCode.NOT_FOUND else f"{code.name}: {details}"
            typer.echo(f"guillemet health: {address}: {why}", err=True)
            raise typer.Exit(1) from error
    typer.echo(health_pb2.HealthCheckResponse.ServingStatus.Name(status))
    raise typer.Exit(int(status != health_pb2.HealthCheckResponse.SERVING))


def _files(ca: Path | None, certificate: Path | None, key: Path | None) -> list[bytes | None]:
    """Return what the files hold, once it is known to be what gRPC can use."""
    try:
        if ca is not None:
            check_authorities(ca)
        if certificate is not None and key is not None:
            check_pair(certificate, key)
        elif certificate is not None or key is not None:
            _refuse("--tls-certificate and --tls-key go together: give both")
        return [None if path is None else path.read_bytes() for path in (ca, certificate, key)]
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}")
    except ValueError as error:
        _refuse(str(error))


def _refuse(sentence: str) -> NoReturn:
    typer.echo(f"guillemet health: {sentence}", err=True)
    raise typer.Exit(2)
