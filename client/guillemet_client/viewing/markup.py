"""HTML as strings: nothing that comes from a text gets in unescaped."""

import html
import re
from collections.abc import Mapping

# What HTML does not allow, and what UTF-8 cannot carry.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def escape(words: str) -> str:
    """Return `words` as they may stand between tags and in a quoted attribute."""
    return html.escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", words))


def element(name: str, content: str = "", attributes: Mapping[str, str] | None = None) -> str:
    """Return an element around `content`, which is HTML already."""
    return f"{start_tag(name, attributes)}{content}</{name}>"


def start_tag(name: str, attributes: Mapping[str, str] | None = None) -> str:
    """Return the tag that opens an element; the values are escaped."""
    parts = [name, *(f'{key}="{escape(value)}"' for key, value in (attributes or {}).items())]
    return f"<{' '.join(parts)}>"
