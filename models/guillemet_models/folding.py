"""Words without case and accents, by which names are compared."""

import unicodedata
from functools import lru_cache

_LONGEST_WORD = 64


def fold(word: str) -> str:
    """Return `word` without case and accents; of what is longer than any word, the beginning."""
    return _folded(word[:_LONGEST_WORD])


@lru_cache(maxsize=1 << 14)  # a text says the same words again and again
def _folded(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()
