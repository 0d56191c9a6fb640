"""Gold articles -> what the model is to say, and back."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from guillemet_models.decoding import decode
from guillemet_models.document import EntityKind, QuotationType, Span
from guillemet_models.scheme import (
    CONTENT,
    CUE,
    INSTITUTION,
    LAYERS,
    MAX_STATES,
    MENTION,
    NAME,
    NESTED,
    OUTSIDE,
    ROLE,
    SOURCE,
    Relation,
    SpanKind,
    allowed_transitions,
)
from guillemet_models.tokenization import TextTokenizer
from guillemet_models.training.augmentation import Augmentation, vary
from guillemet_models.training.corpus import Example, batches_by_length, example

UNVARIED = Augmentation(renamed=0.0, other_marks=0.0, lost_breaks=0.0, glued=0.0, doubled=0.0, bare_capitals=0.0, shouted=0.0)


@pytest.fixture(scope="module")
def examples(gold_documents: list[dict[str, Any]], tiny_tokenizer: TextTokenizer) -> list[tuple[dict[str, Any], Example]]:
    return [(document, example(document, tiny_tokenizer(document["text"]))) for document in gold_documents]


def decoded(item: Example) -> dict[str, list[tuple[int, Span]]]:
    """Return label and characters of the spans that the tags stand for."""
    scores = np.zeros((len(item.text), len(LAYERS), MAX_STATES), dtype=np.float32)
    np.put_along_axis(scores, item.tags[..., None], 50.0, axis=-1)
    found = decode(scores).spans
    return {
        layer.name: [(span.label, item.text.characters(span.first, span.last)) for span in found[layer]] for layer in LAYERS
    }


def test_tags_are_valid_sequences(examples: list[tuple[dict[str, Any], Example]]) -> None:
    allowed = allowed_transitions()
    for _, item in examples:
        assert item.tags.shape == (len(item.text), len(LAYERS))
        for index, layer in enumerate(LAYERS):
            tags = [OUTSIDE, *item.tags[:, index].tolist(), OUTSIDE]
            assert max(tags) < layer.states
            assert all(allowed[before, after] for before, after in itertools.pairwise(tags))


@pytest.mark.parametrize("change", ["doubled", "bare_capitals", "shouted"])
def test_names_roles_and_institutions_are_found_however_they_are_set(
    gold_documents: list[dict[str, Any]], tiny_tokenizer: TextTokenizer, change: str
) -> None:
    for document in gold_documents:
        varied = vary(document, replace(UNVARIED, **{change: 1.0}), random.Random(1))
        one, other = (decoded(example(it, tiny_tokenizer(it["text"]))) for it in (document, varied))
        for layer in (NAME, ROLE, INSTITUTION):
            assert len(other[layer.name]) == len(one[layer.name]), document["id"]


def test_tags_give_the_gold_contents_back(examples: list[tuple[dict[str, Any], Example]]) -> None:
    for document, item in examples:
        spans = decoded(item)
        found = {span for name in (CONTENT.name, NESTED.name) for _, span in spans[name]}
        gold = {Span(*span) for quotation in document["quotations"] for span in quotation["spans"]}
        assert found == gold, document["id"]


def test_tags_give_the_gold_types_back(examples: list[tuple[dict[str, Any], Example]]) -> None:
    for document, item in examples:
        types = {Span(*span): quotation["type"] for quotation in document["quotations"] for span in quotation["spans"]}
        assert all(types[span] == list(QuotationType)[label] for label, span in decoded(item)[CONTENT.name])


def test_tags_give_the_gold_cues_and_sources_back(examples: list[tuple[dict[str, Any], Example]]) -> None:
    for document, item in examples:
        spans = decoded(item)
        for layer, key in ((CUE, "cue"), (SOURCE, "source")):
            gold = {Span(*quotation[key]) for quotation in document["quotations"] if quotation[key]}
            found = {span for _, span in spans[layer.name]}
            assert found <= gold
            # Of two that overlap one is left out.
            assert all(any(span.overlaps(other) for other in found) for span in gold)


def test_tags_give_the_gold_mentions_and_kinds_back(examples: list[tuple[dict[str, Any], Example]]) -> None:
    for document, item in examples:
        kinds = {Span(*span): entity["kind"] for entity in document["entities"] for span in entity["mentions"]}
        found = decoded(item)[MENTION.name]
        assert all(kinds[span] == list(EntityKind)[label] for label, span in found)
        assert all(any(span.overlaps(other) for _, other in found) for span in kinds)


def groups(item: Example) -> Iterator[tuple[int, Relation, list[int]]]:
    keys = item.pairs.pairs[:, 0] * len(Relation) + item.pairs.relations
    for key in np.unique(keys):
        yield int(key) // len(Relation), Relation(int(key) % len(Relation)), np.flatnonzero(keys == key).tolist()


def test_each_group_has_a_true_pair(examples: list[tuple[dict[str, Any], Example]]) -> None:
    for _, item in examples:
        assert item.is_true.shape == item.pairs.relations.shape
        for _, _, rows in groups(item):
            assert item.is_true[rows].any()
            # Nobody is true alone or not at all.
            nobody = [row for row in rows if item.pairs.pairs[row, 1] == 0]
            assert not item.is_true[nobody].any() or item.is_true[rows].sum() == 1


@pytest.mark.parametrize(("relation", "key"), [(Relation.CUE, "cue"), (Relation.SOURCE, "source")])
def test_true_pairs_lead_from_a_content_to_its_cue_and_source(
    examples: list[tuple[dict[str, Any], Example]], relation: Relation, key: str
) -> None:
    missed = total = 0
    for document, item in examples:
        targets = {}
        for head, of, rows in groups(item):
            if of is relation:
                tails = [int(item.pairs.pairs[row, 1]) for row in rows if item.is_true[row]]
                first, last = item.pairs.spans[head].tolist()
                targets[item.text.characters(first, last)] = [
                    item.text.characters(*item.pairs.spans[tail].tolist()) if tail else None for tail in tails
                ]
        for quotation in document["quotations"]:
            for span in quotation["spans"]:
                total += 1
                missed += targets[Span(*span)] != [Span(*quotation[key]) if quotation[key] else None]
    # Beyond the reach of a relation "nobody" is the answer.
    assert missed <= 0.02 * total


def test_parts_of_a_quotation_go_on_with_an_earlier_one(examples: list[tuple[dict[str, Any], Example]]) -> None:
    split = continued = 0
    for document, item in examples:
        split += sum(len(quotation["spans"]) - 1 for quotation in document["quotations"])
        continued += sum(
            any(item.is_true[row] and item.pairs.pairs[row, 1] for row in rows)
            for _, relation, rows in groups(item)
            if relation is Relation.CONTINUES
        )
    assert split > 0
    assert continued == split


def test_candidates_stand_in_the_order_of_the_text(examples: list[tuple[dict[str, Any], Example]]) -> None:
    for _, item in examples:
        spans = item.pairs.spans[1:].tolist()
        assert spans == sorted(spans)
        assert item.pairs.kinds[0] == SpanKind.NOBODY
        assert (item.pairs.kinds[1:] != SpanKind.NOBODY).all()


def test_batches_hold_every_example_once_and_like_lengths_together(examples: list[tuple[dict[str, Any], Example]]) -> None:
    items = [item for _, item in examples]

    batches = batches_by_length(items, 4, lambda item: len(item.text))

    assert sorted(id(item) for batch in batches for item in batch) == sorted(map(id, items))
    assert all(len(batch) <= 4 for batch in batches)
    lengths = [len(item.text) for batch in batches for item in batch]
    assert lengths == sorted(lengths)
