"""The embedded model reads our own articles no worse than it did, and hardly worse as other outlets would set them."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from guillemet_evaluation import Evaluation, evaluate
from guillemet_models.extractor import Extractor
from guillemet_models.training.augmentation import MARK_STYLES, Augmentation, Edit, apply, marks_as, vary

# What the embedded model reached on these articles, less a margin.
QUOTATION_FLOOR = 0.93
JOINT_SOURCE_FLOOR = 0.88
JOINT_SPEAKER_FLOOR = 0.84
# How much F1 other marks may cost, and other damage.
MARKS_COST = 0.02
DAMAGE_COST = 0.05

Json = dict[str, Any]
UNCHANGED = Augmentation(renamed=0, other_marks=0, lost_breaks=0, glued=0, doubled=0, bare_capitals=0, shouted=0)


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return Extractor.load()


def evaluation(extractor: Extractor, gold: Sequence[Json]) -> Evaluation:
    found = extractor.extract([document["text"] for document in gold])
    answers = [document.to_json(given["id"]) for given, document in zip(gold, found, strict=True)]
    return evaluate(gold, answers, resamples=1)


@pytest.fixture(scope="module")
def as_written(extractor: Extractor, gold_documents: list[Json]) -> Evaluation:
    return evaluation(extractor, gold_documents)


def test_quotations_are_found_and_attributed(as_written: Evaluation) -> None:
    assert as_written.iou50.f1 >= QUOTATION_FLOOR
    assert as_written.joint_source.f1 >= JOINT_SOURCE_FLOOR
    assert as_written.joint_speaker.f1 >= JOINT_SPEAKER_FLOOR


@pytest.mark.parametrize("style", MARK_STYLES, ids="…".join)
def test_other_marks_cost_hardly_anything(
    extractor: Extractor, gold_documents: list[Json], as_written: Evaluation, style: tuple[str, str]
) -> None:
    otherwise = evaluation(extractor, [apply(document, marks_as(document["text"], style)) for document in gold_documents])

    assert otherwise.iou50.f1 >= as_written.iou50.f1 - MARKS_COST
    assert otherwise.joint_source.f1 >= as_written.joint_source.f1 - MARKS_COST - 0.01


def one_paragraph(document: Json) -> Json:
    return vary(document, replace(UNCHANGED, lost_breaks=1), random.Random(1))


def with_doubled_spaces(document: Json) -> Json:
    return vary(document, replace(UNCHANGED, doubled=1), random.Random(1))


def with_bare_capitals(document: Json) -> Json:
    return vary(document, replace(UNCHANGED, bare_capitals=1), random.Random(1))


def with_a_shouted_title(document: Json) -> Json:
    return vary(document, replace(UNCHANGED, shouted=1), random.Random(1))


def with_lost_spaces(document: Json) -> Json:
    return vary(document, replace(UNCHANGED, glued=1, lost_spaces=0.3), random.Random(1))


def with_remains_of_html(document: Json) -> Json:
    """Leave breaks, entities and links as a careless extractor does."""
    text = document["text"]
    breaks = [Edit(found.start(), found.end(), "<br />\n") for found in re.finditer("\n", text)]
    spaces = [Edit(found.start(), found.end(), "&nbsp;") for found in re.finditer(" (?=[?!;])", text)]
    ends = [Edit(len(text), len(text), "\n<a href='/suite'>Lire la suite</a> &copy; Tous droits réservés")]
    return apply(document, [*breaks, *spaces, *ends])


def with_misread_letters(document: Json) -> Json:
    """Read « rn » for m, « l » for I and 0 for O here and there, as a scanner does."""
    randomness = random.Random(1)
    misread = {"m": "rn", "I": "l", "O": "0", "é": "e", "fi": "ﬁ"}
    letters = [(index, character) for index, character in enumerate(document["text"]) if character in misread]
    return apply(document, [Edit(i, i + 1, misread[letter]) for i, letter in letters if randomness.random() < 0.03])


@pytest.mark.parametrize(
    "damaged",
    [
        one_paragraph,
        with_doubled_spaces,
        with_bare_capitals,
        with_a_shouted_title,
        with_lost_spaces,
        with_remains_of_html,
        with_misread_letters,
    ],
)
def test_damage_costs_little(
    extractor: Extractor, gold_documents: list[Json], as_written: Evaluation, damaged: Callable[[Json], Json]
) -> None:
    otherwise = evaluation(extractor, [damaged(document) for document in gold_documents])

    assert otherwise.iou50.f1 >= as_written.iou50.f1 - DAMAGE_COST


def test_ten_thousand_words_are_read_as_well_as_their_parts(extractor: Extractor, gold_documents: list[Json]) -> None:
    text, parts = "", []
    while len(text.split()) < 10_000:
        for document in gold_documents:
            parts.append((len(text), document))
            text += document["text"] + "\n\n"
    quotations = [
        {**quotation, "spans": [[begin + place, end + place] for begin, end in quotation["spans"]], "speaker": None}
        | dict.fromkeys(("cue", "source"))
        for place, document in parts
        for quotation in document["quotations"]
    ]
    long = {"id": "long", "text": text, "entities": [], "quotations": quotations}

    whole = evaluation(extractor, [long])

    assert whole.iou50.f1 >= QUOTATION_FLOOR - 0.02
