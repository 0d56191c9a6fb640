"""What is shown of a document in the one format, gold or predicted."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from guillemet_client._types import EntityKind, QuotationType
from guillemet_client.viewing.fields import Fields, NotOfTheFormat
from guillemet_client.viewing.layout import Stretch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Speaker:
    """An entity."""

    kind: EntityKind
    name: str
    role: str | None
    institution: str | None
    mentions: tuple[Stretch, ...]
    institution_probability: float | None
    """None in gold data."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attribution:
    """A quotation, and what it is attributed to."""

    type: QuotationType
    spans: tuple[Stretch, ...]
    cue: Stretch | None
    source: Stretch | None
    speaker: Speaker | None
    probability: float | None
    """None in gold data, like the two others."""
    source_probability: float | None
    speaker_probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A text with its quotations, in order."""

    id: str
    text: str
    attributions: tuple[Attribution, ...]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the article of a document in the one format; unknown fields are left alone.

        Raises:
            NotOfTheFormat: It is not.
        """
        document = Fields(value)
        text = document.string("text")
        speakers: dict[str, Speaker] = {}
        for entity in document.objects("entities"):
            if (entity_id := entity.string("id")) in speakers:
                entity.refuse("id", f"{entity_id!r}, another entity's too; ids are unique")
            speakers[entity_id] = _speaker(entity, text)
        attributions = [_attribution(quotation, text, speakers) for quotation in document.objects("quotations")]
        return cls(id=document.string("id"), text=text, attributions=tuple(attributions))


def are_articles(lines: str) -> bool:
    """Tell whether the first line is a document in the one format, as far as its fields say it."""
    try:
        first = json.loads(lines.partition("\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and {"text", "quotations"} <= first.keys()


def read_articles(lines: str) -> Iterator[Article]:
    """Yield the articles of JSON lines; blank lines are left out.

    Raises:
        NotOfTheFormat: A line is not; the message has its number.
    """
    for number, line in enumerate(lines.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield Article.from_json(json.loads(line))
        except json.JSONDecodeError as error:
            raise NotOfTheFormat(f"line {number}: not JSON at column {error.colno} ({error.msg})") from None
        except RecursionError:
            raise NotOfTheFormat(f"line {number}: nested too deeply") from None
        except NotOfTheFormat as error:
            raise NotOfTheFormat(f"line {number}: {error}") from None
        except ValueError:  # Python's own advice about it is not for who wrote the file
            raise NotOfTheFormat(f"line {number}: a number has thousands of digits") from None


def _speaker(entity: Fields, text: str) -> Speaker:
    return Speaker(
        kind=entity.name("kind", EntityKind),
        name=entity.string("name"),
        role=entity.optional("role", entity.string),
        institution=entity.optional("institution", entity.string),
        mentions=entity.spans("mentions", text),
        institution_probability=entity.optional("institution_probability", entity.probability),
    )


def _attribution(quotation: Fields, text: str, speakers: Mapping[str, Speaker]) -> Attribution:
    spans = quotation.spans("spans", text)
    if not spans:
        quotation.refuse("spans", "empty; a quotation has at least one span")
    if any(before[1] > after[0] for before, after in pairwise(spans)):
        quotation.refuse("spans", "not disjoint and in order")
    speaker = quotation.optional("speaker", quotation.string)
    if speaker is not None and speaker not in speakers:
        quotation.refuse("speaker", f"{speaker!r}, the id of no entity")
    return Attribution(
        type=quotation.name("type", QuotationType),
        spans=spans,
        cue=quotation.optional("cue", lambda key: quotation.span(key, text)),
        source=quotation.optional("source", lambda key: quotation.span(key, text)),
        speaker=None if speaker is None else speakers[speaker],
        probability=quotation.optional("probability", quotation.probability),
        source_probability=quotation.optional("source_probability", quotation.probability),
        speaker_probability=quotation.optional("speaker_probability", quotation.probability),
    )
