"""Marks, punctuation, white space and « que » at the ends of a content mean nothing."""

import pytest

from guillemet_client import Span
from guillemet_evaluation.trimming import trimmed


def content(text: str) -> list[str]:
    return [span.of(text) for span in trimmed(text, [Span(0, len(text))])]


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("« Le port rouvrira. »", "Le port rouvrira"),
        ("“Le port rouvrira”", "Le port rouvrira"),
        ("—\u00a0Le port rouvrira\u202f!\n", "Le port rouvrira"),
        ("le port rouvrira", "le port rouvrira"),
        ("que le port rouvrira", "le port rouvrira"),
        ("qu’il rouvrira", "il rouvrira"),
        (", qu'« il » rouvrira", "il » rouvrira"),
        ("quelques quais", "quelques quais"),
        ("la digue (ancienne)", "la digue (ancienne)"),
    ],
)
def test_what_means_nothing_is_trimmed(given: str, left: str) -> None:
    assert content(given) == [left]


@pytest.mark.parametrize("given", ["« que le port rouvre »", "— que le port rouvre", "Que le port rouvre"])
def test_a_que_that_is_said_stays(given: str) -> None:
    assert content(given)[0].lower().startswith("que ")


def test_each_part_of_an_interrupted_content_is_trimmed() -> None:
    text = "« Le port, dit-elle, rouvrira. » et que « »"

    assert [span.of(text) for span in trimmed(text, [Span(0, 10), Span(20, 32), Span(36, 43)])] == ["Le port", "rouvrira"]
