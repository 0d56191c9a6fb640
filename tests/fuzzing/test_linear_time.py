"""The work grows with the length of a text, not with its square, whatever the text and whatever a model says of it."""

from typing import Self

import pytest

from fuzzing.operations import operations
from fuzzing.random_model import random_extractor
from fuzzing.texts import HOSTILE
from guillemet_models.attribution import candidates
from guillemet_models.coreference import Cluster, _merge
from guillemet_models.decoding import TaggedSpan, Tagging
from guillemet_models.document import Span
from guillemet_models.extractor import Extractor
from guillemet_models.scheme import LAYERS, MENTION, SOURCE
from guillemet_models.tokenization import TextTokenizer, TokenizedText
from guillemet_models.weights import TOKENIZER, embedded_folder

SHORT = 80  # characters
# Twice the text, twice the work, and what rounding adds to it; with the square of the length it would be four times.
MOST = 2.6

MODELS = {
    "a model that doubts": random_extractor(spread=0.01, outside=1.0),
    "a model that relates everybody": random_extractor(outside=-30.0, kinship=30.0),
    "a model that relates nobody": random_extractor(outside=-30.0, kinship=-30.0),
}


@pytest.mark.parametrize("extractor", MODELS.values(), ids=MODELS.keys())
@pytest.mark.parametrize("kind", HOSTILE)
def test_twice_the_text_is_twice_the_work(extractor: Extractor, kind: str) -> None:
    once, twice = (operations(lambda size=size: extractor.extract([HOSTILE[kind](size)])) for size in (SHORT, 2 * SHORT))

    assert twice < MOST * once


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_token_holds_more_of_the_text_than_a_word_and_its_accents(tokenizer: TextTokenizer, kind: str) -> None:
    once, twice = (characters_held(tokenizer(HOSTILE[kind](size))) for size in (4000, 8000))

    assert twice < MOST * once


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(embedded_folder() / TOKENIZER)


def characters_held(text: TokenizedText) -> int:
    """Return the length of all tokens together: what it takes to look at the characters of each."""
    spans = [text.characters(token, token) for token in range(len(text))]
    assert all(isinstance(span, Span) and span.end <= len(text.text) for span in spans)
    return sum(span.end - span.begin for span in spans)


def test_mentions_among_sources_are_found_without_looking_at_all_of_them(tokenizer: TextTokenizer) -> None:
    once, twice = (operations(lambda size=size: candidates(*mentions_among_sources(tokenizer, size))) for size in (500, 1000))

    assert twice < MOST * once


def mentions_among_sources(tokenizer: TextTokenizer, count: int) -> tuple[TokenizedText, Tagging]:
    """Return a text of words, of which every second one is a source and the others are mentions."""
    text = tokenizer("a " * 2 * count)
    words = [TaggedSpan(SOURCE if word % 2 else MENTION, 0, word, word, 0.9) for word in range(2 * count)]
    spans = {layer: [span for span in words if span.layer is layer] for layer in LAYERS}
    return text, Tagging(spans, {})


class CountingClusters(dict[int, Cluster]):
    """Counts how often a mention is given to another cluster."""

    moved = 0

    def __ior__(self, other: dict[int, Cluster]) -> Self:
        self.moved += len(other)
        self.update(other)
        return self


def test_a_chain_of_mentions_moves_each_of_them_rarely() -> None:
    count = 1000
    clusters = CountingClusters({index: Cluster([index]) for index in range(count)})

    for index in range(count - 1, 0, -1):  # the last first: what was joined is always the larger part
        _merge(clusters, clusters[index - 1], clusters[index])

    assert len(clusters[0].mentions) == count
    assert clusters.moved < count * 10  # the logarithm
