"""PEM files checked before gRPC has them: it would keep what is none until the first handshake, and not say why that fails."""

import ssl
from pathlib import Path


def check_pair(certificate: Path, key: Path) -> None:
    """Let pass the file of a certificate and that of its unencrypted key.

    Raises:
        OSError: One cannot be read.
        ValueError: They are no such pair.
    """
    for path in (certificate, key):
        _check_form(path)

    def refuse() -> str:
        raise ValueError(f"{key.name}: the key is encrypted; an unencrypted key is accepted")

    try:
        # Without a password of ours, one would be asked for on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=refuse)
    except ssl.SSLError as error:
        raise ValueError(f"{certificate.name} and {key.name}: no certificate and its key{_why(error)}") from error


def check_authorities(path: Path) -> None:
    """Let pass a file of certificates.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds none.
    """
    _check_form(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(path)
    except ssl.SSLError as error:
        raise ValueError(f"{path.name}: no certificates of authorities{_why(error)}") from error


def _check_form(path: Path) -> None:
    if b"-----BEGIN " not in path.read_bytes():
        raise ValueError(f"{path.name}: no PEM, which has a line -----BEGIN …")


def _why(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason, which damage has not."""
    return f" ({error.reason})" if error.reason else ", or damaged"
