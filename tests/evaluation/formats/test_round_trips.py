"""What a format can hold comes back as it was."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guillemet_client import EntityKind, QuotationType, Span
from guillemet_evaluation import Document, Entity, Quotation, read_documents
from guillemet_evaluation.formats import Format, read, write

GOLD_FILES = sorted((Path(__file__).parents[2] / "gold").glob("*.jsonl"))
BREAKS = "\n\r\t\v\f\x1c\x85\u2028"
PIECES = st.sampled_from(
    [
        *"«»\"'’{}[]#*;:,.%\\🎤é",
        " ",
        "\u00a0",
        "\u202f",
        "\n",
        "\r\n",
        "\t",
        "\u2028",
        "\x85",
        "mot",
        "Zoé",
        " il ",
        " elle ",
        "T1",
        "12",
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=30).map("".join).filter(str.strip)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
PROBABILITIES = st.none() | st.floats(0, 1)
FIELDS = {"id", "text", "entities", "quotations"}


def there_and_back(document: Document, format: Format) -> Document:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "written"
        write([document], path, format)
        (back,) = read(path, format, {})
        return back


@st.composite
def contents(draw: st.DrawFn, text: str) -> tuple[Span, ...]:
    """Draw spans in order that begin and end with words, and between which more than the end of a line stands."""
    seen = [at for at, character in enumerate(text) if not character.isspace()]
    bounds = sorted(draw(st.lists(st.sampled_from(seen), min_size=1, max_size=6, unique=True)))
    spans: list[Span] = []
    for begin, last in zip(bounds[::2], [*bounds[1::2], bounds[-1]], strict=False):
        gap = text[spans[-1].end : begin] if spans else ""
        if not gap.strip() and any(character in BREAKS for character in gap):
            spans[-1] = Span(spans[-1].begin, last + 1)
        else:
            spans.append(Span(begin, last + 1))
    return tuple(spans)


def stretches(text: str) -> st.SearchStrategy[Span]:
    return contents(text).map(lambda spans: Span(spans[0].begin, spans[-1].end))


def in_order(quotations: list[Quotation]) -> tuple[Quotation, ...]:
    return tuple(sorted(quotations, key=lambda quotation: quotation.spans[0].begin))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw any document of the one format."""
    text = draw(TEXTS)
    entities = draw(
        st.lists(
            st.builds(
                Entity,
                id=WORDS,
                kind=st.sampled_from(EntityKind),
                name=WORDS,
                role=st.none() | WORDS,
                institution=st.none() | WORDS,
                mentions=st.lists(stretches(text), max_size=3, unique=True).map(sorted).map(tuple),
                probability=PROBABILITIES,
                institution_probability=PROBABILITIES,
            ),
            max_size=3,
            unique_by=lambda entity: entity.id,
        )
    )
    mentions = [mention for entity in entities for mention in entity.mentions]
    quotations = st.builds(
        Quotation,
        spans=contents(text),
        type=st.sampled_from([*QuotationType, None]),
        cue=st.none() | stretches(text),
        source=st.none() | stretches(text) | st.sampled_from(mentions or [None]),
        speaker=st.sampled_from([None, *(entity.id for entity in entities)]),
        id=st.none() | WORDS,
        speaker_name=st.none() | WORDS,
        institution=st.none() | WORDS,
        probability=PROBABILITIES,
        source_probability=PROBABILITIES,
        speaker_probability=PROBABILITIES,
    )
    return Document(
        id=draw(WORDS),
        text=text,
        entities=tuple(entities),
        quotations=in_order(draw(st.lists(quotations, max_size=4))),
        attributes=draw(st.dictionaries(WORDS.filter(lambda name: name not in FIELDS), st.text(max_size=5), max_size=2)),
    )


@st.composite
def documents_of_fracas(draw: st.DrawFn) -> Document:
    """Draw a document that says no more than FRACAS can."""
    text = draw(TEXTS)
    pronouns = [Span(at, at + len(word)) for word in ("il", "elle") for at in range(len(text)) if text.startswith(word, at)]
    entities = []
    for number in range(draw(st.integers(0, 3))):
        mentions = sorted(draw(st.lists(stretches(text), min_size=1, max_size=3, unique=True)))
        name = max((mention.of(text) for mention in mentions), key=len)
        kind = draw(st.sampled_from([EntityKind.PERSON, EntityKind.GROUP, EntityKind.INSTITUTION]))
        entities.append(Entity(id=f"e{number + 1}", kind=kind, name=name, mentions=tuple(mentions)))
    sources: list[tuple[Span | None, str | None]] = [(None, None), *((pronoun, None) for pronoun in pronouns)]
    for entity in entities:
        sources += [(source, entity.id) for source in (*entity.mentions, *pronouns)]
    quotations = [
        Quotation(
            spans=draw(contents(text)),
            type=draw(st.sampled_from(QuotationType)),
            cue=draw(st.none() | stretches(text)),
            source=source,
            speaker=speaker,
        )
        for source, speaker in draw(st.lists(st.sampled_from(sources), max_size=4))
    ]
    return Document(id=draw(WORDS | st.just("4217")), text=text, entities=tuple(entities), quotations=in_order(quotations))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_brat_gives_back_all_of_a_document(document: Document) -> None:
    assert there_and_back(document, Format.BRAT) == document


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_the_one_format_gives_back_all_of_a_document(document: Document) -> None:
    assert there_and_back(document, Format.GUILLEMET) == document


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents_of_fracas())
def test_fracas_gives_back_all_that_it_has_labels_for(document: Document) -> None:
    assert there_and_back(document, Format.FRACAS) == document


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents().filter(lambda document: all(quotation.type for quotation in document.quotations)))
def test_fracas_gives_back_contents_cues_and_sources_of_any_document_and_then_changes_nothing(document: Document) -> None:
    once = there_and_back(document, Format.FRACAS)

    for before, after in zip(document.quotations, once.quotations, strict=True):
        assert (after.type, after.spans, after.cue) == (before.type, before.spans, before.cue)
        assert before.source in {None, after.source}
    assert there_and_back(once, Format.FRACAS) == once


@pytest.mark.parametrize("path", GOLD_FILES, ids=lambda path: path.stem)
def test_gold_articles_go_through_brat_unchanged(path: Path, tmp_path: Path) -> None:
    gold = read_documents(path, is_gold=True)

    write(gold, tmp_path / "brat", Format.BRAT)

    assert {document.id: document for document in read(tmp_path / "brat", Format.BRAT, {})} == {
        document.id: document for document in gold
    }
