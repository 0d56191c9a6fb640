"""Words as texts write them, and without case and accents, as names are compared."""

import re
import unicodedata
from functools import lru_cache

# Of a word's characters: an accent may stand behind its letter.
LETTER = r"[\w\u0300-\u036f]"
WORD = re.compile(rf"{LETTER}+")
CAPITAL = r"[^\W\d_a-zà-ÿœ]"
_LONGEST_WORD = 64


def fold(word: str) -> str:
    """Return `word` without case and accents; of what is longer than any word, the beginning."""
    return _folded(word[:_LONGEST_WORD])


@lru_cache(maxsize=1 << 14)  # a text says the same words again and again
def _folded(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()
