"""Every measure on an example that can be worked by hand."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from guillemet_client import QuotationType, Span
from guillemet_evaluation import Document, Entity, Evaluation, Outcome, Quotation, Score, evaluate

Says = Callable[..., Quotation]
Speaks = Callable[..., Entity]
Measured = Callable[..., Evaluation]

# Of ten characters each: found exactly, to 8, 6 and 4 characters; and something else is predicted.
GOLD = [(0, 10), (20, 30), (40, 50), (60, 70)]
PREDICTED = [(0, 10), (20, 28), (40, 46), (60, 64), (90, 95)]


def counts(score: Score) -> tuple[int, int, int, int]:
    return score.correct, score.predicted, score.found, score.gold


def of(gold: Document, predicted: Document | None = None, **changes: Any) -> Evaluation:
    """Measure a prediction that is as gold is, but for some fields."""
    return evaluate([gold], [replace(predicted or gold, **changes)], resamples=1)


def test_quotations_at_each_overlap(measured: Measured) -> None:
    evaluation = measured(GOLD, PREDICTED)

    assert counts(evaluation.exact) == (1, 5, 1, 4)
    assert counts(evaluation.iou80) == (2, 5, 2, 4)
    assert counts(evaluation.iou50) == (3, 5, 3, 4)
    assert (evaluation.iou50.precision, evaluation.iou50.recall) == (3 / 5, 3 / 4)
    assert evaluation.iou50.f1 == pytest.approx(2 * (3 / 5) * (3 / 4) / (3 / 5 + 3 / 4))
    assert (evaluation.gold, evaluation.predicted) == (4, 5)


def test_characters(measured: Measured) -> None:
    evaluation = measured(GOLD, PREDICTED)

    assert counts(evaluation.characters) == (28, 33, 28, 40)
    assert (evaluation.characters.precision, evaluation.characters.recall) == (28 / 33, 28 / 40)


def test_characters_in_several_quotations_count_once(measured: Measured) -> None:
    assert counts(measured([(0, 10), (5, 15)], [(0, 15)]).characters) == (15, 15, 15, 15)


def test_the_lenient_measure_counts_what_is_covered(measured: Measured) -> None:
    comparable = measured(GOLD, PREDICTED).comparable

    assert counts(comparable.lenient_coverage30) == (4, 5, 4, 4)  # 1, 0.8, 0.6 and 0.4
    assert counts(comparable.lenient_coverage80) == (1, 5, 1, 4)  # 0.8 is not more than 0.8


def test_the_whole_article_as_one_quotation_finds_nothing_except_leniently(measured: Measured) -> None:
    three = measured([(0, 10), (40, 50), (80, 90)], [(0, 100)])
    one = measured([(40, 50)], [(0, 100)])

    for evaluation in (three, one):
        assert evaluation.exact.f1 == evaluation.iou80.f1 == evaluation.iou50.f1 == 0
        assert evaluation.joint_speaker.f1 == evaluation.joint_source.f1 == 0
        assert evaluation.sources_per_article.correct == 0
    assert one.characters.f1 == pytest.approx(2 * 0.1 / 1.1)
    # One prediction is aligned to one gold quotation at most, so covering all three gains no more than one …
    assert counts(three.comparable.lenient_coverage80) == (1, 1, 1, 3)
    # … but it is said to be right, however much else it holds: the whole article is perfect where it has one quotation.
    assert one.comparable.lenient_coverage80.f1 == three.comparable.lenient_coverage80.precision == 1


def test_words_without_a_place_in_the_text_are_spurious(port: Document) -> None:
    # One of three quotations found with its cue, source and speaker; the other prediction is of words that nobody wrote.
    said = replace(port.quotations[0], probability=0.9)
    made_up = Quotation(spans=(), type=QuotationType.DIRECT, cue=said.cue, speaker="e2", probability=0.7)

    evaluation = of(port, quotations=(said, made_up))

    for name in ("exact", "iou80", "iou50", "joint_source", "joint_speaker", "cue_exact", "cue_overlap"):
        assert counts(getattr(evaluation, name)) == (1, 2, 1, 3), name
    for name in ("lenient_coverage30", "lenient_coverage80", "joint_speaker"):
        assert counts(getattr(evaluation.comparable, name)) == (1, 2, 1, 3), name
    assert (evaluation.predicted, evaluation.iou50.precision, evaluation.iou50.f1) == (2, 1 / 2, 2 / 5)
    assert counts(evaluation.by_type["direct"]) == (1, 2, 1, 1)
    assert evaluation.characters.precision == 1  # no character of the text is quoted in vain
    assert evaluation.calibration["quotation"].brier == pytest.approx((0.1**2 + 0.7**2) / 2)
    assert evaluation.slices["outlet"]["Le Quai"].quotation.predicted == 2
    assert evaluation.slices["marks"]["« »"].quotation.predicted == 1
    [document] = evaluation.documents
    assert (document.pairs[-1].predicted, document.pairs[-1].outcomes) == (1, (Outcome.SPURIOUS, Outcome.UNPLACED))
    assert (evaluation.outcomes[Outcome.SPURIOUS], evaluation.outcomes[Outcome.UNPLACED]) == (1, 1)
    assert evaluation.to_json()["outcomes"]["unplaced"] == 1


def test_nothing_but_words_without_a_place_is_no_better_than_nothing(port: Document) -> None:
    evaluation = of(port, quotations=(Quotation(spans=()), Quotation(spans=())))

    assert counts(evaluation.iou50) == (0, 2, 0, 3)
    assert (evaluation.joint_speaker.f1, evaluation.outcomes[Outcome.UNPLACED]) == (0, 2)


def test_types(says: Says) -> None:
    text = "un deux trois quatre cinq"
    types = {"un": "direct", "deux": "direct", "trois": "indirect", "quatre": "mixed"}
    gold = Document(id="a", text=text, quotations=tuple(says(text, word, type=kind) for word, kind in types.items()))
    answers = {"un": "direct", "deux": "mixed", "trois": "indirect", "cinq": "mixed"}
    predicted = Document(id="a", text=text, quotations=tuple(says(text, word, type=kind) for word, kind in answers.items()))

    evaluation = of(gold, predicted)

    # Matching pairs: un, deux, trois.
    assert (evaluation.type_accuracy.correct, evaluation.type_accuracy.total) == (2, 3)
    assert evaluation.type_confusion["direct"] == {"direct": 1, "indirect": 0, "mixed": 1, "none": 0}
    assert evaluation.type_confusion["indirect"] == {"direct": 0, "indirect": 1, "mixed": 0, "none": 0}
    # Direct 2/3 (P 1, R 1/2), indirect 1, mixed 0 (one predicted, none in gold).
    assert evaluation.type_mean.f1 == pytest.approx((2 / 3 + 1 + 0) / 3)
    # Whether a quotation is found does not depend on its type: both direct ones are.
    assert counts(evaluation.by_type["direct"]) == (1, 1, 2, 2)
    assert counts(evaluation.by_type["mixed"]) == (1, 2, 0, 1)
    assert evaluation.by_type_mean.recall == pytest.approx((1 + 1 + 0) / 3)
    assert evaluation.by_type_mean.precision == pytest.approx((1 + 1 + 1 / 2) / 3)


def test_a_system_that_does_not_say_types(port: Document) -> None:
    untyped = tuple(replace(quotation, type=None) for quotation in port.quotations)

    evaluation = of(port, quotations=untyped)

    assert evaluation.type_confusion["direct"]["none"] == 1
    assert evaluation.type_accuracy.value == 0
    assert evaluation.outcomes[Outcome.WRONG_TYPE] == 0
    assert evaluation.joint_speaker.f1 == 1


def test_cues(says: Says) -> None:
    text = "Ana a dit un. Luc ajoute deux. Eve croit trois. quatre"
    gold = Document(
        id="a",
        text=text,
        quotations=(
            says(text, "un", cue="a dit"),
            says(text, "deux", cue="ajoute"),
            says(text, "trois", cue="croit"),
            says(text, "quatre"),
        ),
    )
    answers = (
        says(text, "un", cue="dit"),
        says(text, "deux", cue="ajoute"),
        says(text, "trois"),
        says(text, "quatre", cue="croit"),
    )

    evaluation = of(gold, quotations=answers)

    assert counts(evaluation.cue_exact) == (1, 3, 1, 3)
    assert counts(evaluation.cue_overlap) == (2, 3, 2, 3)
    assert (evaluation.cue_accuracy.correct, evaluation.cue_accuracy.total) == (2, 3)


def test_sources(says: Says) -> None:
    text = "le maire Luc Bas dit un. Elle dit deux. trois. Le préfet dit quatre. cinq"
    gold = Document(
        id="a",
        text=text,
        quotations=(
            says(text, "un", source="le maire Luc Bas"),  # 16 characters
            says(text, "deux", source="Elle"),
            says(text, "trois"),
            says(text, "quatre", source="Le préfet"),
        ),
    )
    answers = (
        says(text, "un", source="maire Luc"),  # 9 of the 16: IoU 0.56
        says(text, "deux", source="Elle"),
        says(text, "trois"),
        says(text, "quatre"),
        says(text, "cinq"),
    )

    evaluation = of(gold, quotations=answers)

    assert (evaluation.source_accuracy.correct, evaluation.source_accuracy.total) == (3, 4)
    assert (evaluation.source_exact.correct, evaluation.source_exact.total) == (2, 4)
    assert counts(evaluation.joint_source) == (3, 5, 3, 4)


def test_a_source_of_which_less_than_half_is_shared_is_another(says: Says) -> None:
    text = "le maire Luc Bas dit un."
    gold = Document(id="a", text=text, quotations=(says(text, "un", source="le maire Luc Bas"),))

    assert of(gold, quotations=(says(text, "un", source="Luc Bas"),)).source_accuracy.value == 0  # 7 of 16
    assert of(gold, quotations=(says(text, "un", source="le maire"),)).source_accuracy.value == 1  # 8 of 16


def test_speakers_go_by_name_and_mentions(port: Document, speaks: Speaks) -> None:
    entities = (
        speaks(port.text, "La présidente du Comptoir maritime", id="x1"),  # a mention of the gold speaker, folded
        speaks(port.text, "Hamel", id="x2"),  # part of the name is not the name
        speaks(port.text, "MAIRE", id="x3", kind="person"),
    )
    quotations = tuple(
        replace(quotation, speaker=speaker) for quotation, speaker in zip(port.quotations, ("x1", "x2", "x3"), strict=True)
    )

    evaluation = of(port, entities=entities, quotations=quotations)

    assert counts(evaluation.joint_speaker) == (2, 3, 2, 3)
    assert (evaluation.speaker_accuracy.correct, evaluation.speaker_accuracy.total) == (2, 3)
    assert (evaluation.kind_accuracy.correct, evaluation.kind_accuracy.total) == (2, 3)
    assert counts(evaluation.sources_per_article) == (2, 3, 2, 2)


def test_nobody_is_a_speaker_to_be_right_about(says: Says, port: Document) -> None:
    text = "un deux"
    gold = Document(id="a", text=text, quotations=(says(text, "un"), says(text, "deux")))

    evaluation = of(gold, quotations=(says(text, "un"), says(text, "deux", speaker_name="Ana Roux")))

    assert (evaluation.speaker_accuracy.correct, evaluation.speaker_accuracy.total) == (1, 2)
    assert evaluation.kind_accuracy.total == 0
    assert math.isnan(evaluation.kind_accuracy.value)
    silent = tuple(replace(quotation, speaker=None) for quotation in port.quotations)
    assert of(port, quotations=silent).joint_speaker.f1 == 0


def test_speakers_by_what_the_source_is(port: Document) -> None:
    wrong = replace(port.quotations[1], speaker="e2")  # « Elle »

    by_source = of(port, quotations=(port.quotations[0], wrong, port.quotations[2])).speaker_by_source

    assert {form: (accuracy.correct, accuracy.total) for form, accuracy in by_source.items()} == {
        "named": (1, 1),
        "nominal": (1, 1),
        "pronoun": (0, 1),
        "none": (0, 0),
    }


def test_one_mention_that_two_predictions_name_is_one_speaker(port: Document, speaks: Speaks) -> None:
    entities = (*port.entities, speaks(port.text, "présidente du Comptoir maritime", id="x"))
    quotations = (port.quotations[0], replace(port.quotations[1], speaker="x"), port.quotations[2])

    assert counts(of(port, entities=entities, quotations=quotations).sources_per_article) == (2, 2, 2, 2)


def test_institutions(says: Says, speaks: Speaks) -> None:
    text = "Ana, Luc, Eve et Zoé du Comptoir maritime, dit le Comptoir : un, deux, trois, quatre."

    def article(**institutions: str | None) -> Document:
        entities = [speaks(text, name, id=name, institution=institution) for name, institution in institutions.items()]
        entities.append(speaks(text, "Comptoir maritime", "Comptoir maritime", "le Comptoir", id="c", kind="institution"))
        words = zip(("un", "deux", "trois", "quatre"), institutions, strict=True)
        quotations = tuple(says(text, word, speaker=name) for word, name in words)
        return Document(id="a", text=text, entities=tuple(entities), quotations=quotations)

    gold = article(Ana="Comptoir maritime", Luc="Comptoir maritime", Eve=None, Zoé="Comptoir maritime")
    evaluation = of(gold, article(Ana="le Comptoir", Luc=None, Eve=None, Zoé="Comptoir maritime du Val"))

    # Ana's is a mention of the same institution, Luc's is missing, Eve's is rightly none, Zoé's has another name.
    assert (evaluation.institution_accuracy.correct, evaluation.institution_accuracy.total) == (2, 4)
    assert (evaluation.institution_stated_accuracy.correct, evaluation.institution_stated_accuracy.total) == (1, 3)
    assert counts(evaluation.joint_institution) == (1, 2, 1, 3)
    assert evaluation.comparable.institution_contained.correct == 2
    assert evaluation.outcomes[Outcome.WRONG_INSTITUTION] == 2


def test_outcomes(port: Document, says: Says) -> None:
    first, second, third = port.quotations
    text = port.text
    answers = (
        replace(first, source=None, speaker="e2"),
        replace(second, spans=(Span(second.spans[0].begin, second.spans[0].begin + 9),)),  # « les quais »
        replace(third, spans=(Span(third.spans[0].begin + 3, third.spans[0].end),), type=QuotationType.DIRECT),
        says(text, "Zoé Hamel"),
        says(text, ", "),
    )

    evaluation = of(port, quotations=answers)
    [document] = evaluation.documents

    assert [(pair.gold, pair.predicted, pair.outcomes) for pair in document.pairs] == [
        (None, 3, (Outcome.SPURIOUS,)),
        (None, 4, (Outcome.EMPTY,)),
        (0, 0, (Outcome.WRONG_SPEAKER, Outcome.WRONG_SOURCE, Outcome.WRONG_INSTITUTION)),
        (1, 1, (Outcome.MISSED, Outcome.SPURIOUS, Outcome.BOUNDARY)),
        (2, 2, (Outcome.WRONG_TYPE, Outcome.BOUNDARY)),
    ]
    assert evaluation.outcomes[Outcome.SPURIOUS] == 2
    assert evaluation.predicted == 4
    assert of(port).outcomes[Outcome.FOUND] == 3
    assert document.outlet == "Le Quai"


def test_a_slice_holds_quotations_of_either_side_by_their_own_annotation(port: Document) -> None:
    first, *others = port.quotations
    unmarked = replace(first, spans=(Span(first.spans[0].begin + 2, first.spans[0].end - 3),))

    slices = of(port, quotations=(unmarked, *others)).slices["marks"]

    assert counts(slices["« »"].quotation) == (0, 0, 1, 1)
    assert counts(slices["none"].quotation) == (3, 3, 2, 2)
    assert slices["none"].joint_speaker.f1 == 1
    assert set(slices) == {"« »", "none"}


def test_the_accuracy_of_a_slice_is_of_the_matches_of_its_gold(port: Document) -> None:
    first, second, _ = port.quotations
    answers = (first, replace(second, source=first.source, speaker="e2"))

    slices = of(port, quotations=answers).slices

    # « Elle » is matched, by a prediction with another source, and has the wrong speaker; « le maire » is missed.
    found = {value: (it.speaker_accuracy.correct, it.speaker_accuracy.total) for value, it in slices["resolution"].items()}
    assert found == {"name": (1, 1), "pronoun": (0, 1), "unnamed": (0, 0)}
    assert counts(slices["resolution"]["pronoun"].joint_speaker) == (0, 1, 0, 1)
    assert counts(slices["resolution"]["unnamed"].quotation) == (0, 0, 0, 1)
    assert slices["source_position"]["before"].speaker_accuracy.value == 1 / 2


def test_a_spurious_prediction_is_resolved_by_its_own_source(port: Document, says: Says) -> None:
    spurious = says(port.text, "sûrs. Selon", source="Elle", speaker="e1")

    slices = of(port, quotations=(*port.quotations, spurious)).slices["resolution"]

    assert counts(slices["pronoun"].quotation) == (1, 2, 1, 1)
