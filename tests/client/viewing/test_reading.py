import json
from collections.abc import Callable
from typing import Any

import pytest

from guillemet_client.viewing import Article, NotOfTheFormat, read_articles

NO_SPAN = "is no span [begin, end] of the text, which has 221 characters"


def test_an_article_is_what_the_document_says(document: dict[str, Any]) -> None:
    article = Article.from_json(document)

    first, second, *_ = article.attributions
    assert (article.id, article.text) == (document["id"], document["text"])
    assert first.speaker is not None
    assert (first.speaker.name, first.speaker.institution_probability) == ("Zoé Hamel", 0.8)
    assert (first.type, first.probability, len(first.spans)) == ("direct", 0.98, 2)
    assert (second.speaker, second.cue, second.source) == (None, None, None)
    assert article.attributions[3].speaker is first.speaker


def test_gold_states_no_probabilities(gold_documents: list[dict[str, Any]]) -> None:
    articles = list(read_articles("\n\n".join(json.dumps(document) for document in gold_documents)))

    assert [article.id for article in articles] == [document["id"] for document in gold_documents]
    assert {attribution.probability for article in articles for attribution in article.attributions} == {None}


def put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Return a change of a document: a value in a place, or, for ..., none."""
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]

    def change(document: Any) -> None:
        for part in parents:
            document = document[part]
        if value is ...:
            del document[last]
        else:
            document[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("id", ..., "id is missing"),
        ("id", 7, "id is a number; a string is accepted"),
        ("text", None, "text is null; a string is accepted"),
        ("entities", {}, "entities is an object; a list is accepted"),
        ("entities.0", [], "entities[0] is a list; an object is accepted"),
        ("entities.1.id", "silent", "entities[1].id is 'silent', another entity's too; ids are unique"),
        ("entities.0.kind", "robot", "entities[0].kind is 'robot'; accepted are person, institution, group, document, unnamed"),
        (
            "entities.0.mentions.0",
            [5, 5],
            f"entities[0].mentions[0] {NO_SPAN}",
        ),
        ("quotations.0.type", True, "quotations[0].type is true or false; a string is accepted"),
        ("quotations.0.spans", [], "quotations[0].spans is empty; a quotation has at least one span"),
        ("quotations.0.spans", [[0, 5], [3, 9]], "quotations[0].spans is not disjoint and in order"),
        (
            "quotations.0.spans.1",
            [0, 999],
            f"quotations[0].spans[1] {NO_SPAN}",
        ),
        ("quotations.0.cue", "dit", f"quotations[0].cue {NO_SPAN}"),
        ("quotations.0.speaker", "e9", "quotations[0].speaker is 'e9', the id of no entity"),
        ("quotations.0.probability", 1.5, "quotations[0].probability is no number from 0 to 1"),
        ("quotations.0.probability", "1", "quotations[0].probability is no number from 0 to 1"),
    ],
)
def test_what_is_not_of_the_format_is_said(document: dict[str, Any], path: str, value: object, sentence: str) -> None:
    put(path, value)(document)

    with pytest.raises(NotOfTheFormat) as refused:
        Article.from_json(document)

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "line 3: not JSON at column 2 (Expecting property name enclosed in double quotes)"),
        ("[]", "line 3: the value is a list; an object is accepted"),
        ("[" * 100_000, "line 3: nested too deeply"),
        (f"[{'1' * 5_000}]", "line 3: a number has thousands of digits"),
    ],
)
def test_a_bad_line_is_named(document: dict[str, Any], line: str, sentence: str) -> None:
    with pytest.raises(NotOfTheFormat) as refused:
        list(read_articles(f"{json.dumps(document)}\n\n{line}\n"))

    assert str(refused.value) == sentence
