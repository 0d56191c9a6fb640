"""The gold articles are well formed, and the embedded model reads them no worse than it did."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from guillemet_models.document import EntityKind, QuotationType
from guillemet_models.extractor import Extractor

MARKS = frozenset('«»“”„‹›"')
EDGES = frozenset(" \t\r\n\u00a0\u202f\u2009.,;:!?…–—-'’()") | MARKS
LEAST_ARTICLES = 25
LEAST_QUOTATIONS = 200

# What the embedded model reached on these articles, in points of F1, less a margin.
ALIGNED_FROM = 0.5  # character IoU at which two quotations are the same one
QUOTATION_FLOOR = 87.0
QUOTATION_AND_SOURCE_FLOOR = 76.0

Json = dict[str, Any]


def quotations(documents: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    for document in documents:
        for quotation in document["quotations"]:
            yield document, quotation


def entities(documents: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    for document in documents:
        for entity in document["entities"]:
            yield document, entity


def lies_in(span: Sequence[int], text: str) -> bool:
    begin, end = span
    return 0 <= begin < end <= len(text)


def test_there_are_enough_articles_and_quotations(gold_documents: list[Json]) -> None:
    assert len(gold_documents) >= LEAST_ARTICLES
    assert sum(1 for _ in quotations(gold_documents)) >= LEAST_QUOTATIONS


def test_ids_are_unique(gold_documents: list[Json]) -> None:
    assert len({document["id"] for document in gold_documents}) == len(gold_documents)
    for document in gold_documents:
        ids = [entity["id"] for entity in document["entities"]]
        assert len(set(ids)) == len(ids), document["id"]


def test_every_field_of_the_format_is_there(gold_documents: list[Json]) -> None:
    for document in gold_documents:
        assert {"id", "text", "entities", "quotations"} <= document.keys()
    for _, entity in entities(gold_documents):
        assert {"id", "kind", "name", "role", "institution", "mentions"} <= entity.keys()
        assert entity["kind"] in set(EntityKind)
    for _, quotation in quotations(gold_documents):
        assert {"type", "spans", "cue", "source", "speaker"} <= quotation.keys()
        assert quotation["type"] in set(QuotationType)


def test_contents_lie_in_the_text_disjoint_and_in_order(gold_documents: list[Json]) -> None:
    for document, quotation in quotations(gold_documents):
        spans = quotation["spans"]
        assert spans, document["id"]
        assert all(lies_in(span, document["text"]) for span in spans), document["id"]
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans)), (document["id"], spans)


def test_quotations_stand_in_the_order_of_their_first_character(gold_documents: list[Json]) -> None:
    for document in gold_documents:
        firsts = [quotation["spans"][0][0] for quotation in document["quotations"]]
        assert firsts == sorted(firsts), document["id"]


def test_contents_do_not_begin_or_end_with_white_space(gold_documents: list[Json]) -> None:
    for document, quotation in quotations(gold_documents):
        for begin, end in quotation["spans"]:
            words = document["text"][begin:end]
            assert words == words.strip(), (document["id"], words)


def test_cues_and_sources_are_none_or_lie_in_the_text(gold_documents: list[Json]) -> None:
    for document, quotation in quotations(gold_documents):
        for key in ("cue", "source"):
            assert quotation[key] is None or lies_in(quotation[key], document["text"]), (document["id"], quotation)


def test_only_quotations_with_marks_are_mixed_and_indirect_ones_have_none(gold_documents: list[Json]) -> None:
    for document, quotation in quotations(gold_documents):
        words = "".join(document["text"][begin:end] for begin, end in quotation["spans"])
        has_marks = any(mark in words for mark in MARKS)
        if quotation["type"] == QuotationType.MIXED:
            assert has_marks, (document["id"], words)
        if quotation["type"] == QuotationType.INDIRECT:
            assert not has_marks, (document["id"], words)


def test_speakers_exist_and_every_entity_speaks(gold_documents: list[Json]) -> None:
    for document in gold_documents:
        speakers = {quotation["speaker"] for quotation in document["quotations"]} - {None}
        assert speakers == {entity["id"] for entity in document["entities"]}, document["id"]


def test_names_roles_and_institutions_are_words_of_the_text(gold_documents: list[Json]) -> None:
    for document, entity in entities(gold_documents):
        assert entity["name"]
        for key in ("name", "role", "institution"):
            assert entity[key] is None or entity[key] in document["text"], (document["id"], entity[key])


def test_mentions_lie_in_the_text_in_order(gold_documents: list[Json]) -> None:
    for document, entity in entities(gold_documents):
        mentions = entity["mentions"]
        assert mentions, (document["id"], entity["name"])
        assert all(lies_in(mention, document["text"]) for mention in mentions)
        assert mentions == sorted(mentions), (document["id"], entity["name"])


def characters(text: str, spans: Sequence[Sequence[int]]) -> set[int]:
    """Return the positions of a content, edges left out that outlets set differently."""
    positions: set[int] = set()
    for begin, end in spans:
        while begin < end and text[begin] in EDGES:
            begin += 1  # noqa: PLW2901
        while begin < end and text[end - 1] in EDGES:
            end -= 1  # noqa: PLW2901
        positions |= set(range(begin, end))
    return positions


def iou(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def aligned(text: str, gold: Sequence[Json], found: Sequence[Json]) -> list[tuple[Json, Json]]:
    """Return the pairs of the one-to-one alignment with the highest sum of IoU, those below the threshold left out."""
    if not gold or not found:
        return []
    ours, theirs = ([characters(text, quotation["spans"]) for quotation in side] for side in (gold, found))
    overlap = np.array([[iou(one, other) for other in theirs] for one in ours])
    overlap[overlap < ALIGNED_FROM] = 0.0
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    return [(gold[row], found[column]) for row, column in zip(rows, columns, strict=True) if overlap[row, column]]


def same_source(text: str, gold: Json, found: Json) -> bool:
    if gold["source"] is None or found["source"] is None:
        return gold["source"] is found["source"]
    return iou(characters(text, [gold["source"]]), characters(text, [found["source"]])) >= ALIGNED_FROM


@pytest.fixture(scope="module")
def counts(gold_documents: list[Json]) -> Counter[str]:
    counted: Counter[str] = Counter()
    found = Extractor.load().extract([document["text"] for document in gold_documents])
    for gold, document in zip(gold_documents, found, strict=True):
        answer = document.to_json(gold["id"])
        pairs = aligned(gold["text"], gold["quotations"], answer["quotations"])
        counted["gold"] += len(gold["quotations"])
        counted["found"] += len(answer["quotations"])
        counted["aligned"] += len(pairs)
        counted["with source"] += sum(same_source(gold["text"], *pair) for pair in pairs)
    return counted


def f1(right: int, counted: Counter[str]) -> float:
    return 200 * right / (counted["gold"] + counted["found"])


def test_the_embedded_model_still_finds_the_quotations(counts: Counter[str]) -> None:
    assert f1(counts["aligned"], counts) >= QUOTATION_FLOOR


def test_the_embedded_model_still_finds_the_quotations_and_their_sources(counts: Counter[str]) -> None:
    assert f1(counts["with source"], counts) >= QUOTATION_AND_SOURCE_FLOOR
