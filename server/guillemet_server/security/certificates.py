"""TLS and mTLS, with certificates that may be replaced while the server runs."""

import grpc
from structlog.typing import FilteringBoundLogger

from guillemet_server.config import TLSFiles
from guillemet_server.security.pem import check_authorities, check_pair
from guillemet_server.security.rereading import Reread


class Certificates:
    """The files of one server's TLS."""

    def __init__(self, files: TLSFiles, *, log: FilteringBoundLogger) -> None:
        """Read them.

        Args:
            files: PEM.
            log: For what was reread, and what could not be.

        Raises:
            OSError: One cannot be read.
            ValueError: One is no PEM, or the key is not that of the certificate.
        """
        self._files = files
        paths = [path for path in (files.certificate, files.key, files.client_ca) if path is not None]
        self.files = Reread(paths, self._read, log=log)
        self._in_use = self.files.current()

    def credentials(self) -> grpc.ServerCredentials:
        """Return what gRPC asks, at each handshake, for the certificate to show and the authorities to trust."""
        # With authorities gRPC asks callers for a certificate; that it must insist is said here, once for all handshakes.
        insist = self._files.client_ca is not None
        return grpc.dynamic_ssl_server_credentials(
            self._in_use,
            self._changed,  # type: ignore[arg-type]  # the published types do not know None
            require_client_authentication=insist,
        )

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return what is new since the last handshake; None: nothing, and gRPC keeps what it has."""
        current = self.files.current()
        if current is self._in_use:
            return None
        self._in_use = current
        return current

    def _read(self) -> grpc.ServerCertificateConfiguration:
        files = self._files
        check_pair(files.certificate, files.key)
        if files.client_ca is not None:
            check_authorities(files.client_ca)
        return grpc.ssl_server_certificate_configuration(
            [(files.key.read_bytes(), files.certificate.read_bytes())],
            root_certificates=None if files.client_ca is None else files.client_ca.read_bytes(),
        )
