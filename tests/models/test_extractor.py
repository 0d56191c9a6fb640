"""The whole way of a document, through a model of random weights: what holds whatever the model says."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guillemet_models.document import Document, Span
from guillemet_models.extractor import Extractor, Interrupted
from guillemet_models.tokenization import TextTokenizer

PIECES = st.one_of(
    st.sampled_from(
        [
            "« ",
            " »",
            "“",
            "”",
            '"',
            "‹",
            "›",
            "\n",
            "\r\n",
            "– ",
            "a dit ",
            "M. Dupont ",
            "que ",
            "l’Élysée ",
            ". ",
            "il ",
            "\u00a0",
        ]
    ),
    st.text(max_size=8),
    st.text(alphabet="e\u0301\u0323\u202f\u200d👩🏽🚒🇫🇷\ufeff\u2028\u1100\u1161ﬁÅ", max_size=8),
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@pytest.fixture(scope="module")
def extractor(tiny_onnx_folder: Path) -> Extractor:
    return Extractor.load(tiny_onnx_folder, threads=1)


def spans(document: Document) -> list[Span]:
    found: list[Span | None] = []
    for quotation in document.quotations:
        found += [*quotation.spans, quotation.cue, quotation.source]
    for entity in document.entities:
        found += [entity.name, entity.role, entity.institution, *entity.mentions]
    return [span for span in found if span is not None]


def check(document: Document, text: str) -> None:
    assert document.text == text
    assert all(0 <= span.begin < span.end <= len(text) for span in spans(document))
    assert [quotation.id for quotation in document.quotations] == [f"q{n}" for n in range(1, len(document.quotations) + 1)]
    assert [entity.id for entity in document.entities] == [f"e{n}" for n in range(1, len(document.entities) + 1)]
    firsts = [quotation.spans[0].begin for quotation in document.quotations]
    assert firsts == sorted(firsts)
    for quotation in document.quotations:
        assert all(before.end <= after.begin for before, after in itertools.pairwise(quotation.spans))
        for probability in (quotation.probability, quotation.source_probability, quotation.speaker_probability):
            assert 0 <= probability <= 1 + 1e-6
    assert {quotation.speaker for quotation in document.quotations} - {None} == {entity.id for entity in document.entities}
    for entity in document.entities:
        assert list(entity.mentions) == sorted(entity.mentions)
        assert 0 <= entity.probability <= 1 + 1e-6
        assert 0 <= entity.institution_probability <= 1 + 1e-6


def shape(document: Document) -> list[Any]:
    return [
        [(q.type, q.spans, q.cue, q.source, q.speaker) for q in document.quotations],
        [(e.kind, e.name, e.role, e.institution, e.mentions) for e in document.entities],
    ]


def test_no_texts_make_no_documents(extractor: Extractor) -> None:
    assert extractor.extract([]) == []


@pytest.mark.parametrize("text", ["", " ", "\n", "\u00a0\u202f", "\r\n\r\n", "\ufeff", "\u0301", ".", "«", "»", "–"])
def test_a_text_of_next_to_nothing_is_read(extractor: Extractor, text: str) -> None:
    (document,) = extractor.extract([text])

    check(document, text)


def test_an_empty_text_has_no_tokens_and_no_windows(extractor: Extractor) -> None:
    (document,) = extractor.extract([""])

    assert (document.tokens, document.windows, document.quotations, document.entities) == (0, 0, (), ())


def test_articles_are_read(extractor: Extractor, tiny_tokenizer: TextTokenizer, gold_documents: list[dict[str, Any]]) -> None:
    texts = [document["text"] for document in gold_documents]

    documents = extractor.extract(texts)

    for document, text in zip(documents, texts, strict=True):
        check(document, text)
        assert document.tokens == tiny_tokenizer.count(text)
    # Else the checks would be empty.
    assert sum(len(document.quotations) for document in documents) > 50
    assert sum(len(document.entities) for document in documents) > 20


def test_a_text_of_200_000_characters_is_read_to_its_end(
    extractor: Extractor, tiny_tokenizer: TextTokenizer, gold_documents: list[dict[str, Any]]
) -> None:
    article = "\n".join(document["text"] for document in gold_documents)
    text = (article * (200_000 // len(article) + 1))[:200_000]

    (document,) = extractor.extract([text])

    check(document, text)
    assert document.windows > 1
    assert document.tokens == tiny_tokenizer.count(text)
    assert max(span.end for span in spans(document)) > 190_000


def test_a_batch_reads_as_its_texts_one_by_one(extractor: Extractor, gold_documents: list[dict[str, Any]]) -> None:
    texts = [*(document["text"] for document in gold_documents[:6]), "", "« Oui », dit-il.", gold_documents[7]["text"] * 3]

    together = extractor.extract(texts)

    assert [shape(document) for document in together] == [shape(extractor.extract([text])[0]) for text in texts]


def test_windows_that_are_encoded_in_any_order_make_the_same_document(
    extractor: Extractor, gold_documents: list[dict[str, Any]]
) -> None:
    text = extractor.prepare("\n".join(document["text"] for document in gold_documents))

    encoded = [extractor.encode([(text, window)])[0] for window in reversed(text.windows)]

    assert len(encoded) > 2
    assert extractor.finish(text, encoded) == extractor.extract([text.tokenized.text])[0]


def test_reading_twice_gives_the_same_answer(extractor: Extractor, gold_documents: list[dict[str, Any]]) -> None:
    text = gold_documents[0]["text"]

    assert extractor.extract([text]) == extractor.extract([text])


@pytest.mark.parametrize("questions", [1, 2, 3])
def test_an_interrupted_extraction_ends_at_the_next_question(
    extractor: Extractor, gold_documents: list[dict[str, Any]], questions: int
) -> None:
    text = "\n".join(document["text"] for document in gold_documents)
    asked = 0

    def interrupted() -> bool:
        nonlocal asked
        asked += 1
        return asked == questions

    with pytest.raises(Interrupted):
        extractor.extract([text, text, text], interrupted=interrupted)
    assert asked == questions


def test_an_extraction_that_nobody_interrupts_is_whole(extractor: Extractor) -> None:
    (document,) = extractor.extract(["« Oui », dit-il."], interrupted=lambda: False)

    check(document, "« Oui », dit-il.")


def test_documents_are_written_in_the_one_format(extractor: Extractor, gold_documents: list[dict[str, Any]]) -> None:
    gold = gold_documents[0]
    (document,) = extractor.extract([gold["text"]])

    written = document.to_json("an id")

    assert written["id"] == "an id"
    assert written.keys() == {"id", "text", "entities", "quotations"}
    assert document.quotations
    for quotation in written["quotations"]:
        assert gold["quotations"][0].keys() <= quotation.keys()
    for entity in written["entities"]:
        assert gold["entities"][0].keys() <= entity.keys()
        assert entity["name"] in gold["text"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(TEXTS, max_size=3))
def test_every_answer_is_a_span_of_the_text_whatever_the_text(extractor: Extractor, texts: list[str]) -> None:
    for document, text in zip(extractor.extract(texts), texts, strict=True):
        check(document, text)
