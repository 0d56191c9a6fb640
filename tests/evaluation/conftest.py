"""Articles written by their words: every offset is where the words stand first."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from guillemet_client import EntityKind, QuotationType, Span
from guillemet_evaluation import Document, Entity, Evaluation, Quotation, evaluate

PORT = (
    "Zoé Hamel, présidente du Comptoir maritime, a dit : « Le port rouvrira. » Elle a ajouté que les quais étaient sûrs. "
    "Selon le maire, la digue tiendra."
)


def span_of(text: str, words: str) -> Span:
    begin = text.index(words)
    return Span(begin, begin + len(words))


@pytest.fixture
def says() -> Callable[..., Quotation]:
    """Write a quotation of a text: its content, or parts of it, its cue and its source as words."""

    def write(text: str, *contents: str, type: str | None = "direct", **fields: Any) -> Quotation:
        words = {name: span_of(text, fields.pop(name)) for name in ("cue", "source") if fields.get(name)}
        spans = tuple(span_of(text, content) for content in contents)
        return Quotation(spans=spans, type=None if type is None else QuotationType(type), **words, **fields)

    return write


@pytest.fixture
def speaks() -> Callable[..., Entity]:
    """Write an entity of a text: its name, and its mentions as words."""

    def write(text: str, name: str, *mentions: str, id: str = "e1", kind: str = "person", **fields: Any) -> Entity:
        spans = tuple(span_of(text, mention) for mention in mentions)
        return Entity(id=id, kind=EntityKind(kind), name=name, mentions=spans, **fields)

    return write


@pytest.fixture
def port(says: Callable[..., Quotation], speaks: Callable[..., Entity]) -> Document:
    """Return an annotated article: a direct, an indirect and a mixed quotation of two speakers."""
    return Document(
        id="port",
        text=PORT,
        entities=(
            speaks(PORT, "Zoé Hamel", "Zoé Hamel", "présidente du Comptoir maritime", institution="Comptoir maritime"),
            speaks(PORT, "maire", "le maire", id="e2", kind="unnamed"),
        ),
        quotations=(
            says(PORT, "« Le port rouvrira. »", cue="a dit", source="Zoé Hamel", speaker="e1"),
            says(PORT, "les quais étaient sûrs", type="indirect", cue="a ajouté", source="Elle", speaker="e1"),
            says(PORT, "la digue tiendra", type="indirect", cue="Selon", source="le maire", speaker="e2"),
        ),
        attributes={"outlet": "Le Quai"},
    )


@pytest.fixture
def measured() -> Callable[..., Evaluation]:
    """Measure spans of a text of a hundred letters, none of which is trimmed: gold, then predicted."""

    def measure(
        gold: Sequence[tuple[int, int]], predicted: Sequence[tuple[int, int]], **probabilities: Sequence[float]
    ) -> Evaluation:
        text = "x" * 100
        stated: list[Mapping[str, float]] = [
            {name: values[index] for name, values in probabilities.items()} for index in range(len(predicted))
        ]
        truths = tuple(Quotation(type=QuotationType.DIRECT, spans=(Span(*bounds),)) for bounds in gold)
        answers = tuple(
            Quotation(type=QuotationType.DIRECT, spans=(Span(*bounds),), **more)
            for bounds, more in zip(predicted, stated, strict=True)
        )
        documents = (Document(id="a", text=text, quotations=side) for side in (truths, answers))
        return evaluate([next(documents)], [next(documents)], resamples=1)

    return measure
