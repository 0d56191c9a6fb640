"""What the characters of a text are, all of them told at once: `str.isalpha` and the like, without a loop. numpy only."""

import unicodedata
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

# Of the characters below, which are those of French and of most that is quoted in it, all is looked up.
_KNOWN = 0x3000


class CharacterClass:
    """The characters for which something holds."""

    def __init__(self, holds: Callable[[str], object]) -> None:
        self._holds = holds
        self._known = self._ask(np.arange(_KNOWN))

    def __call__(self, codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Tell for which of some code points it holds."""
        found: NDArray[np.bool_] = self._known[np.minimum(codes, _KNOWN - 1)]
        others = np.flatnonzero(codes >= _KNOWN)
        found[others] = self._ask(codes[others])
        return found

    def _ask(self, codes: NDArray[np.integer]) -> NDArray[np.bool_]:
        return np.array([bool(self._holds(chr(code))) for code in codes.tolist()], dtype=bool)


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of `text`, which holds no lone surrogate, ``(len(text),)``."""
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)


is_letter = CharacterClass(str.isalpha)
is_small = CharacterClass(str.islower)
is_space = CharacterClass(str.isspace)
is_accent = CharacterClass(unicodedata.combining)
ends_sentence = CharacterClass(frozenset(".!?…").__contains__)
