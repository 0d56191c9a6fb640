"""A text with what the model is made to say of it, so that resolution is tested without a model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from guillemet_models.attribution import Evidence, RelationProbabilities, candidates
from guillemet_models.decoding import TaggedSpan, Tagging
from guillemet_models.document import EntityKind, QuotationType, Span
from guillemet_models.pairing import propose
from guillemet_models.scheme import (
    CONTENT,
    CUE,
    INSTITUTION,
    LAYERS,
    MENTION,
    NAME,
    NESTED,
    ROLE,
    SOURCE,
    Layer,
    Relation,
)
from guillemet_models.tokenization import TextTokenizer, TokenizedText

SURE = 12.0  # the score of a pair that holds; the others have 0
UNSURE = SURE - 1.0  # of one beside that with nobody, which is sure: about a quarter to three quarters


@dataclass(frozen=True)
class Reader:
    """Makes evidence out of words: each is looked for where it first stands in the text."""

    tokenizer: TextTokenizer

    def __call__(
        self,
        text: str,
        *,
        contents: Mapping[str, QuotationType] | None = None,
        nested: Iterable[str] = (),
        cues: Iterable[str] = (),
        sources: Iterable[str] = (),
        mentions: Mapping[str, EntityKind] | None = None,
        names: Iterable[str] = (),
        roles: Iterable[str] = (),
        institutions: Iterable[str] = (),
        related: Sequence[tuple[Relation, str, str]] = (),
        unsure: Sequence[tuple[Relation, str, str]] = (),
    ) -> Evidence:
        """Return the evidence; what `related` says nothing of is related to nobody, and less surely to what `unsure` says."""
        tokenized = self.tokenizer(text)
        contents, mentions = contents or {}, mentions or {}
        kinds = list(EntityKind)
        words: dict[Layer, list[tuple[str, int]]] = {
            CONTENT: [(content, list(QuotationType).index(kind)) for content, kind in contents.items()],
            NESTED: [(content, 0) for content in nested],
            CUE: [(cue, 0) for cue in cues],
            SOURCE: [(source, 0) for source in sources],
            MENTION: [(mention, kinds.index(kind)) for mention, kind in mentions.items()],
            NAME: [(name, 0) for name in names],
            ROLE: [(role, 0) for role in roles],
            INSTITUTION: [(institution, 0) for institution in institutions],
        }
        spans, inside = {}, {}
        for layer in LAYERS:
            tagged = [TaggedSpan(layer, label, *_tokens(tokenized, part), 0.9) for part, label in words[layer]]
            spans[layer] = sorted(tagged, key=lambda span: span.first)
            inside[layer] = np.zeros((len(tokenized), len(layer.labels)), dtype=np.float32)
            for span in tagged:
                inside[layer][span.first : span.last + 1, span.label] = 1.0
        tagging = Tagging(spans, inside)
        found, how = candidates(tokenized, tagging)
        pairs = propose(tokenized, found)
        places = {(candidate.first, candidate.last): index + 1 for index, candidate in enumerate(found)}

        def tails(told: Sequence[tuple[Relation, str, str]]) -> dict[tuple[Relation, int], int]:
            at = ((relation, _tokens(tokenized, head), _tokens(tokenized, tail)) for relation, head, tail in told)
            return {(relation, places[head]): places[tail] for relation, head, tail in at}

        wanted, second = tails(related), tails(unsure)
        asked = zip(pairs.pairs.tolist(), pairs.relations.tolist(), strict=True)
        scores = [
            SURE if wanted.get(key, 0) == tail else UNSURE if second.get(key) == tail else 0.0
            for key, tail in (((Relation(relation), head), tail) for (head, tail), relation in asked)
        ]
        relations = RelationProbabilities(pairs, np.array(scores, dtype=np.float32))
        return Evidence(tokenized, tagging, found, how, relations)


def _tokens(text: TokenizedText, words: str) -> tuple[int, int]:
    begin = text.text.index(words)
    tokens = text.tokens(Span(begin, begin + len(words)))
    assert tokens is not None
    return tokens


@pytest.fixture
def reader(tiny_tokenizer: TextTokenizer) -> Reader:
    return Reader(tiny_tokenizer)
