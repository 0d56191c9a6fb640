"""The gold articles are well formed, and consistent in more ways than the format asks for."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from guillemet_models.document import EntityKind, QuotationType

MARKS = frozenset('«»“”„‹›"')
LEAST_ARTICLES = 25
LEAST_QUOTATIONS = 200

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
