import sys
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING

import pytest

from guillemet.v1 import quotation_pb2 as pb
from guillemet_models.document import Document, Entity, EntityKind, Quotation, QuotationType, Span
from guillemet_models.extractor import ModelDescription
from guillemet_server.caching import AnswerCache

if TYPE_CHECKING:
    from conftest import Serve

MODEL = ModelDescription(name="m", version="1.0.0", sha256="0", runtime="onnx", precision="int8", threads=1)
ENOUGH = 10**6
WAIT = 30.0


def document(text: str, *, entities: int = 1) -> Document:
    found = tuple(
        Entity(
            id=f"e{number}",
            kind=EntityKind.PERSON,
            name=Span(0, 2),
            role=None,
            institution=None,
            mentions=(Span(0, 2),),
            probability=0.9,
            institution_probability=0.5,
        )
        for number in range(1, 1 + entities)
    )
    quotation = Quotation(
        id="q1",
        type=QuotationType.DIRECT,
        spans=(Span(0, 1),),
        cue=None,
        source=Span(0, 2),
        speaker="e1",
        probability=0.9,
        source_probability=0.8,
        speaker_probability=0.7,
    )
    return Document(text=text, quotations=(quotation,), entities=found, tokens=3, windows=1)


def test_what_is_kept_is_found_again_with_its_text() -> None:
    cache = AnswerCache(ENOUGH)
    kept = document("« Été »")

    before = cache.find("« Été »", MODEL)
    cache.keep(kept, MODEL)

    assert before is None
    assert cache.find("« Été »", MODEL) == kept
    assert cache.find("« Été » ", MODEL) is None
    assert (cache.hits, cache.misses, cache.documents) == (1, 2, 1)


@pytest.mark.parametrize("change", [{"version": "1.0.1"}, {"sha256": "1"}, {"name": "n"}])
def test_another_model_has_answers_of_its_own(change: dict[str, str]) -> None:
    cache = AnswerCache(ENOUGH)
    cache.keep(document("texte"), MODEL)

    assert cache.find("texte", replace(MODEL, **change)) is None


def test_what_was_not_asked_for_the_longest_makes_room() -> None:
    one = AnswerCache(ENOUGH)
    one.keep(document("a"), MODEL)
    cache = AnswerCache(2 * one.bytes)

    for text in ("a", "b"):
        cache.keep(document(text), MODEL)
    cache.find("a", MODEL)
    cache.keep(document("c"), MODEL)

    assert [cache.find(text, MODEL) is not None for text in ("a", "b", "c")] == [True, False, True]
    assert cache.bytes == 2 * one.bytes


def test_texts_of_any_length_take_the_same_room_and_answers_take_theirs() -> None:
    short, long, rich = AnswerCache(ENOUGH), AnswerCache(ENOUGH), AnswerCache(ENOUGH)
    short.keep(document("a"), MODEL)
    long.keep(document("a" * ENOUGH), MODEL)
    rich.keep(document("a", entities=50), MODEL)

    assert short.bytes == long.bytes
    assert rich.bytes > short.bytes + 50 * 100


def test_what_an_answer_takes_is_weighed_closely_and_never_too_low() -> None:
    cache, kept = AnswerCache(ENOUGH), document("", entities=50)
    cache.keep(kept, MODEL)

    assert size_of(kept) < cache.bytes < 1.5 * size_of(kept)


def size_of(value: object) -> int:
    """Return what a value and all that it is made of take in memory."""
    parts = [getattr(value, field.name) for field in fields(value)] if is_dataclass(value) else ()
    return sys.getsizeof(value) + sum(map(size_of, value if isinstance(value, tuple) else parts))


def test_an_answer_larger_than_the_cache_is_not_kept_and_takes_nobodys_place() -> None:
    one = AnswerCache(ENOUGH)
    one.keep(document("a"), MODEL)
    cache = AnswerCache(one.bytes)
    cache.keep(document("a"), MODEL)

    cache.keep(document("b", entities=50), MODEL)

    assert cache.find("a", MODEL) is not None
    assert cache.find("b", MODEL) is None


def test_a_cache_of_no_bytes_keeps_nothing_and_counts_nothing() -> None:
    cache = AnswerCache(0)
    cache.keep(document("a"), MODEL)

    assert cache.find("a", MODEL) is None
    assert (cache.hits, cache.misses, cache.documents, cache.bytes) == (0, 0, 0, 0)


def test_a_text_that_comes_again_is_answered_alike_without_being_read(serve: "Serve") -> None:
    served = serve(cache_bytes=ENOUGH)
    served.reader.batches.clear()

    fresh, again = served.extract(), served.extract()

    assert len(served.reader.batches) == 1
    assert (fresh.stats.cached, again.stats.cached) == (False, True)
    assert (again.stats.queue_time.ToNanoseconds(), again.stats.inference_time.ToNanoseconds()) == (0, 0)
    for result in (fresh, again):
        for name in ("cached", "queue_time", "inference_time"):
            result.stats.ClearField(name)
    assert fresh == again


def test_an_answer_that_is_kept_is_given_as_each_caller_wants_it(serve: "Serve") -> None:
    served = serve(cache_bytes=ENOUGH)
    served.extract("é « Oui »")

    bytes_and_sure = served.extract("é « Oui »", offset_encoding=pb.OFFSET_ENCODING_UTF8, min_probability=0.9)
    everything = served.extract("é « Oui »", offset_encoding=pb.OFFSET_ENCODING_UTF8)

    assert bytes_and_sure.stats.cached
    assert bytes_and_sure.quotations == []
    assert everything.quotations[0].spans[0].begin_offset == 3


def test_a_batch_reads_only_what_is_new_and_answers_in_order(serve: "Serve") -> None:
    served = serve(cache_bytes=ENOUGH)
    served.extract("« deux »")
    served.reader.batches.clear()
    documents = [pb.Document(id=text, text=f"« {text} »") for text in ("un", "deux", "trois")]

    items = served.quotations.BatchExtractQuotations(pb.BatchExtractQuotationsRequest(documents=documents), timeout=WAIT).items

    assert [item.result.quotations[0].spans[0].content for item in items] == ["« un »", "« deux »", "« trois »"]
    assert [item.result.stats.cached for item in items] == [False, True, False]
    assert sorted(text for batch in served.reader.batches for text in batch) == ["« trois »", "« un »"]


def test_a_full_queue_still_gives_answers_that_are_kept(serve: "Serve") -> None:
    served = serve(cache_bytes=ENOUGH, max_queue_tokens=10, max_batch_tokens=10)
    served.extract("« Oui »")
    served.reader.hold()
    served.extract_later("mot " * 8)
    served.reader.wait_until_begun()
    served.extract_later("mot " * 9)
    served.wait_until_queued(10)

    assert served.extract("« Oui »").stats.cached


def test_without_being_told_to_a_server_keeps_nothing(serve: "Serve") -> None:
    served = serve()
    served.extract()

    assert not served.extract().stats.cached


def test_a_failure_is_not_kept(serve: "Serve") -> None:
    served = serve(cache_bytes=ENOUGH)
    documents = [pb.Document(text="poison")] * 2
    request = pb.BatchExtractQuotationsRequest(documents=documents)

    for _ in range(2):
        items = served.quotations.BatchExtractQuotations(request, timeout=WAIT).items
        assert [item.WhichOneof("outcome") for item in items] == ["error", "error"]
    assert served.running.server.scheduler.cache.documents == 0
