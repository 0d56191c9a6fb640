"""The id by which a caller, the log and the traces speak of one RPC."""

import re
import uuid
from collections.abc import Iterable

HEADER = "x-request-id"

# What a caller may choose. It is logged: no spaces, so no sentence of a document, and no line of somebody else's making.
_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


def request_id_of(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """Return the id that the caller sent, or a new one."""
    for key, value in metadata:
        if key == HEADER and isinstance(value, str) and _ID.fullmatch(value):
            return value
    return uuid.uuid4().hex
