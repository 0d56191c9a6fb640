"""Who calls: known by a bearer token (RFC 6750), held to a quota."""

import time
from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from guillemet_server import errors
from guillemet_server.security.quotas import Quota
from guillemet_server.security.rereading import Reread
from guillemet_server.security.tokens import Identity, Tokens, digest_of, read_tokens


class Callers:
    """Those whom the token file names."""

    def __init__(self, path: Path, *, log: FilteringBoundLogger) -> None:
        """Read the file.

        Args:
            path: Of tokens.
            log: For what was reread, and what could not be.

        Raises:
            OSError: The file cannot be read.
            ValueError: It holds no tokens; the message says why.
        """
        self.tokens: Reread[Tokens] = Reread([path], lambda: read_tokens(path), log=log)
        self._quotas: dict[str, Quota] = {}

    def caller(self, metadata: Iterable[tuple[str, str | bytes]]) -> "Caller":
        """Return who sent that metadata.

        Raises:
            Refusal: TOKEN_MISSING or TOKEN_UNKNOWN.
        """
        shown = [value for key, value in metadata if key == "authorization"]
        scheme, _, token = str(shown[0] if len(shown) == 1 else "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise errors.token_missing()
        return Caller(self, digest_of(token))

    def identity(self, digest: bytes) -> Identity:
        """Return whose token has that SHA-256, now.

        Raises:
            Refusal: TOKEN_UNKNOWN.
        """
        identity = self.tokens.current().identity(digest)
        if identity is None:
            raise errors.token_unknown()
        return identity

    def charge(self, identity: Identity, tokens: int) -> None:
        """Take tokens of the model from a caller's quota.

        Raises:
            Refusal: QUOTA_EXCEEDED.
        """
        rate = identity.tokens_per_second
        if rate is None:
            return
        now = time.monotonic()
        quota = self._quotas.setdefault(identity.name, Quota(now=now))
        if (wait := quota.take(tokens, rate=rate, now=now)) is not None:
            raise errors.quota_exceeded(tokens_per_second=rate, wait_seconds=wait)


class Caller:
    """Who made one call."""

    def __init__(self, callers: Callers, digest: bytes) -> None:
        """Find out who it is.

        Args:
            callers: Whom the server knows.
            digest: SHA-256 of the token shown.

        Raises:
            Refusal: TOKEN_UNKNOWN.
        """
        self._callers = callers
        self._digest = digest
        self.name = callers.identity(digest).name

    def check(self) -> None:
        """Let the caller pass if its token still counts: a stream may last longer.

        Raises:
            Refusal: TOKEN_UNKNOWN.
        """
        self._callers.identity(self._digest)

    def charge(self, tokens: int) -> None:
        """Take tokens from the caller's quota, as its token's table has it now.

        Raises:
            Refusal: TOKEN_UNKNOWN or QUOTA_EXCEEDED.
        """
        self._callers.charge(self._callers.identity(self._digest), tokens)


# Of the call in work: whatever reads its texts runs in its context, or in that of a task that it began.
CALLER: ContextVar[Caller | None] = ContextVar("guillemet_caller", default=None)


def check_caller() -> None:
    """Let pass who called, if callers are known here.

    Raises:
        Refusal: TOKEN_UNKNOWN.
    """
    if caller := CALLER.get():
        caller.check()


def charge(tokens: int) -> None:
    """Take tokens from the quota of who called, if callers are known here.

    Raises:
        Refusal: TOKEN_UNKNOWN or QUOTA_EXCEEDED.
    """
    if caller := CALLER.get():
        caller.charge(tokens)
