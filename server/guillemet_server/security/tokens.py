"""The tokens of callers: a TOML file of hashes, with a table for each caller.

[newsroom]
sha256 = ["9f86…0a08", "2c26…e7ae"]   # of each of its tokens; two, while one replaces the other
tokens_per_second = 5000              # of the model, on average; without it, as many as the server reads
"""

import hashlib
import hmac
import math
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# 256 random bits need no slow hash: nobody tries them all, whatever one trial costs.
_RANDOM_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A caller that the file names."""

    name: str
    tokens_per_second: float | None  # None: no quota


class Tokens:
    """Whose tokens these are."""

    def __init__(self, identities: Mapping[bytes, Identity]) -> None:
        """Hold them.

        Args:
            identities: By the SHA-256 of a token.
        """
        self._identities = identities

    def identity(self, digest: bytes) -> Identity | None:
        """Return whose token has that SHA-256; None: nobody's. How long that takes says nothing of the tokens known."""
        found = None
        for known, identity in self._identities.items():
            if hmac.compare_digest(known, digest):
                found = identity
        return found


def digest_of(token: str) -> bytes:
    """Return the SHA-256 of a token."""
    return hashlib.sha256(token.encode()).digest()


def new_token() -> str:
    """Return a token that nobody can guess: 43 characters that any header can carry."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def table_of(name: str, token: str, tokens_per_second: float | None) -> str:
    """Return the table that lets `token` in.

    Raises:
        ValueError: The file could not hold it.
    """
    # Every digit of it: the file is what the server goes by.
    quota = "" if tokens_per_second is None else f"tokens_per_second = {str(tokens_per_second).removesuffix('.0')}\n"
    table = f'[{name}]\nsha256 = ["{digest_of(token).hex()}"]\n{quota}'
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name: 1 to 64 letters, digits, _ and - are")
    _identities(tomllib.loads(table))
    return table


def read_tokens(path: Path) -> Tokens:
    """Read the file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not of this form, or has no token; the message says where.
    """
    try:
        identities = _identities(tomllib.loads(path.read_text(encoding="utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path.name}: no TOML, of which each caller has one table: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    if not identities:
        # Rather a file that is being written than the wish to let nobody in.
        raise ValueError(f"{path.name}: no token")
    return Tokens(identities)


def _identities(tables: Mapping[str, Any]) -> dict[bytes, Identity]:
    identities: dict[bytes, Identity] = {}
    for name, table in tables.items():
        if not _NAME.fullmatch(name) or not isinstance(table, dict) or not table.keys() <= {"sha256", "tokens_per_second"}:
            raise ValueError(f"[{name[:64]}]: a caller has a name of letters, digits, _ and -, sha256 and tokens_per_second")
        rate = table.get("tokens_per_second")
        if rate is not None and not (type(rate) in (int, float) and 0 < rate < math.inf):
            raise ValueError(f"[{name}]: tokens_per_second is a number above 0")
        hashes = table.get("sha256")
        for sha256 in hashes if isinstance(hashes, list) else [hashes]:
            if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
                raise ValueError(f'[{name}]: sha256 is 64 hexadecimal digits, or several of them: ["…", "…"]')
            identity = Identity(name=name, tokens_per_second=rate)
            if identities.setdefault(bytes.fromhex(sha256), identity) != identity:
                raise ValueError(f"[{name}]: another caller has the same token")
    return identities
