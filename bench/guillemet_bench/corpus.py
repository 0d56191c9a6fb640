"""Texts to measure with: invented articles, as long as articles of the French press are."""

import random
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

# Words of an article of the press: the quantiles 0, 0.05, …, 1 of the 124 articles of a development set.
_QUANTILES = (113, 142, 156, 188, 208, 219, 236, 250, 270, 298, 309, 337, 358, 390, 433, 455, 472, 486, 507, 510, 618)
_SENTENCES_A_PARAGRAPH = 3


def articles(number: int, *, seed: int) -> list[str]:
    """Return different articles, the same ones for the same seed. Their lengths are spread as evenly as their number allows.

    Args:
        number: Of articles.
        seed: Any.
    """
    chance = random.Random(seed)
    lengths = [_quantile((index + chance.random()) / number) for index in range(number)]
    chance.shuffle(lengths)
    return [article(words, seed=chance.randrange(2**32)) for words in lengths]


def article(words: int, *, seed: int) -> str:
    """Return an article of about that many words."""
    sentences: list[str] = []
    length = 0
    for sentence in _sentences(random.Random(seed)):
        size = len(sentence.split())
        # The last sentence is one that comes closest.
        if length + size / 2 > words:
            break
        sentences.append(sentence)
        length += size
    starts = range(0, len(sentences), _SENTENCES_A_PARAGRAPH)
    return "\n\n".join(" ".join(sentences[start : start + _SENTENCES_A_PARAGRAPH]) for start in starts)


def word_count(text: str) -> int:
    """Return how many words a text has, between blanks."""
    return len(text.split())


@cache
def _parts() -> dict[str, list[str]]:
    return tomllib.loads((files("guillemet_bench") / "articles.toml").read_text(encoding="utf-8"))


def _quantile(share: float) -> int:
    place = share * (len(_QUANTILES) - 1)
    below = min(int(place), len(_QUANTILES) - 2)
    return round(_QUANTILES[below] + (place - below) * (_QUANTILES[below + 1] - _QUANTILES[below]))


def _sentences(chance: random.Random) -> Iterator[str]:
    parts = _parts()
    while True:
        # All sentences once before one comes again: no article repeats itself soon.
        for sentence in chance.sample(parts["sentences"], len(parts["sentences"])):
            yield sentence.format(
                person=chance.choice(parts["people"]),
                role=chance.choice(parts["roles"]),
                body=chance.choice(parts["bodies"]),
                matter=chance.choice(parts["matters"]),
                day=chance.choice(parts["days"]),
            )
