"""What is told of all characters of a text at once is what Python says of each."""

import unicodedata
from collections.abc import Callable

import pytest

from guillemet_models.characters import (
    CharacterClass,
    code_points,
    ends_sentence,
    is_accent,
    is_letter,
    is_small,
    is_space,
)


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        (is_letter, str.isalpha),
        (is_small, str.islower),
        (is_space, str.isspace),
        (is_accent, unicodedata.combining),
        (ends_sentence, lambda character: character in ".!?…"),
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "".join(map(chr, range(0xD800))),  # up to the surrogates, most of it looked up, the rest asked
        "« Été », dit-il\u202f! 中文\u3000𝐀𝐚 👩🏽 e\u0301 \U0001e8d0…",
        "",
    ],
)
def test_a_character_is_of_a_class_where_python_says_so(
    found: CharacterClass, holds: Callable[[str], object], text: str
) -> None:
    assert found(code_points(text)).tolist() == [bool(holds(character)) for character in text]
