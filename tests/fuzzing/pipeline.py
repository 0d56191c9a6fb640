"""Text -> Document, whatever the text: what has to hold of the answer."""

import itertools
from collections.abc import Iterator

from fuzzing.random_model import random_extractor
from fuzzing.texts import text_of
from guillemet_models.document import Document, Span
from guillemet_models.extractor import Extractor


class Pipeline:
    """Reads texts with models that mark nearly nothing, nearly everything, and what lies between."""

    def __init__(self, extractors: list[Extractor] | None = None) -> None:
        self._extractors = extractors or [
            random_extractor(0, outside=12.0),
            random_extractor(1, outside=8.0),
            random_extractor(2, outside=8.0, kinship=20.0),
            random_extractor(3),
            random_extractor(4, spread=20.0, outside=40.0),
            random_extractor(5, spread=0.01, outside=1.0),
            random_extractor(6, outside=-20.0),
        ]

    def __call__(self, data: bytes) -> int:
        """Read the text that `data` stands for; return how many characters that were.

        Raises:
            Exception: The text broke something; or AssertionError: the answer is none.
        """
        which, text = (data[0], text_of(data[1:])) if data else (0, "")
        extractor = self._extractors[which % len(self._extractors)]
        check(extractor, text)
        return len(text)


def check(extractor: Extractor, text: str) -> None:
    """Read `text`.

    Raises:
        AssertionError: The answer breaks a promise.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        try:
            extractor.extract([text])
        except ValueError as error:
            assert "surrogate" in str(error)  # noqa: PT017 (it may also be read)
            return
        raise AssertionError("a lone surrogate was read") from None
    (document,) = extractor.extract([text])
    check_document(document, text)


def check_document(document: Document, text: str) -> None:
    """Look at every promise that a document makes.

    Raises:
        AssertionError: It breaks one.
    """
    assert document.text == text
    for span in spans_of(document):
        assert 0 <= span.begin < span.end <= len(text), span
    assert [quotation.id for quotation in document.quotations] == [f"q{n}" for n, _ in enumerate(document.quotations, 1)]
    assert [entity.id for entity in document.entities] == [f"e{n}" for n, _ in enumerate(document.entities, 1)]
    firsts = [quotation.spans[0].begin for quotation in document.quotations]
    assert firsts == sorted(firsts)
    assert {quotation.speaker for quotation in document.quotations} - {None} == {entity.id for entity in document.entities}
    for quotation in document.quotations:
        assert all(before.end <= after.begin for before, after in itertools.pairwise(quotation.spans))
        for probability in (quotation.probability, quotation.source_probability, quotation.speaker_probability):
            assert 0 <= probability <= 1 + 1e-6
    for entity in document.entities:
        assert entity.mentions
        assert list(entity.mentions) == sorted(entity.mentions)
        assert 0 <= entity.probability <= 1 + 1e-6
        assert 0 <= entity.institution_probability <= 1 + 1e-6


def spans_of(document: Document) -> Iterator[Span]:
    """Yield every span that a document states."""
    for quotation in document.quotations:
        assert quotation.spans
        yield from quotation.spans
        yield from filter(None, (quotation.cue, quotation.source))
    for entity in document.entities:
        yield from filter(None, (entity.name, entity.role, entity.institution))
        yield from entity.mentions
