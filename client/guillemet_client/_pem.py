"""PEM files checked before gRPC has them: it would log what is wrong with them, and call the server unreachable."""

import ssl
from pathlib import Path


def check_authorities(path: Path) -> None:
    """Let pass a file of certificates.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds none; the message begins with its name.
    """
    path.read_bytes()  # an error of the ssl module would not name the file
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        raise ValueError(f"{path}: no certificates of authorities in PEM") from error


def check_pair(certificate: Path, key: Path) -> None:
    """Let pass the file of a certificate and that of its key.

    Raises:
        OSError: One cannot be read.
        ValueError: The key is encrypted, or they are no such pair; the message begins with a file's name.
    """
    for path in (certificate, key):
        path.read_bytes()

    def refuse() -> str:
        raise ValueError(f"{key}: the key is encrypted; an unencrypted one is accepted")

    try:
        # Without a password of ours, one would be asked for on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=refuse)
    except ssl.SSLError as error:
        raise ValueError(f"{certificate} and {key}: no certificate and its key in PEM") from error
