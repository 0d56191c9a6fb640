"""What holds of any gold document and any prediction."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guillemet_client import EntityKind, QuotationType, Span
from guillemet_evaluation import (
    Accuracy,
    Document,
    Entity,
    Evaluation,
    InvalidDocuments,
    Outcome,
    Quotation,
    Rates,
    Score,
    evaluate,
)

TEXT = "abcdefghijklmnopqrstuvwxyz" * 2
NAMES = ("Ana Roux", "Luc Bas", "Eve Lin")

slowly = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

_spans = st.lists(st.integers(0, len(TEXT)), min_size=2, max_size=4, unique=True).map(
    lambda bounds: tuple(Span(*pair) for pair in zip(*[iter(sorted(bounds))] * 2, strict=False))
)
_span = st.none() | _spans.map(lambda spans: spans[0])
_quotations = st.builds(
    Quotation,
    spans=_spans,
    type=st.sampled_from(QuotationType),
    cue=_span,
    source=_span,
    speaker=st.none() | st.sampled_from(["e0", "e1", "e2"]),
)
# Without mentions: these are forms of gold names only, which exchanging the sides would exchange as well.
_entities = st.tuples(
    *(
        st.builds(
            Entity,
            id=st.just(f"e{number}"),
            kind=st.sampled_from(EntityKind),
            name=st.just(name),
            institution=st.none() | st.sampled_from(["Port", "Comptoir"]),
        )
        for number, name in enumerate(NAMES)
    )
)
_documents = st.builds(
    Document,
    id=st.just("a"),
    text=st.just(TEXT),
    entities=_entities,
    quotations=st.lists(_quotations, max_size=5, unique_by=lambda quotation: quotation.spans).map(tuple),
)
_corpora = st.lists(_documents, min_size=1, max_size=3).map(
    lambda documents: [replace(document, id=str(number)) for number, document in enumerate(documents)]
)


def values(evaluation: Evaluation) -> dict[str, float]:
    return {name: it.f1 if isinstance(it, Rates) else it.value for name, it in evaluation.figures().items()}


@slowly
@given(_corpora)
def test_gold_against_itself_is_perfect(gold: list[Document]) -> None:
    evaluation = evaluate(gold, gold, resamples=1)

    for name, value in values(evaluation).items():
        assert value == 1 or math.isnan(value), name
    for slices in evaluation.slices.values():
        assert {score.f1 for cut in slices.values() for score in (cut.quotation, cut.joint_source, cut.joint_speaker)} <= {1}
    assert evaluation.outcomes[Outcome.FOUND] == evaluation.gold == evaluation.predicted


@slowly
@given(_corpora)
def test_gold_against_nothing_is_nothing(gold: list[Document]) -> None:
    evaluation = evaluate(gold, [], resamples=1)

    for name, value in values(evaluation).items():
        assert value == 0 or math.isnan(value), name
    assert evaluation.missing == tuple(document.id for document in gold)
    assert evaluation.outcomes[Outcome.MISSED] == evaluation.gold
    json.dumps(evaluation.to_json(), allow_nan=False)


@slowly
@given(_corpora, st.data())
def test_exchanging_gold_and_prediction_exchanges_precision_and_recall(gold: list[Document], data: st.DataObject) -> None:
    predicted = [replace(data.draw(_documents), id=document.id) for document in gold]

    there, back = evaluate(gold, predicted, resamples=1), evaluate(predicted, gold, resamples=1)

    exchanged = {name: figure for name, figure in back.figures().items() if "lenient" not in name and "by_source" not in name}
    for name, other in exchanged.items():
        figure = there.figures()[name]
        if isinstance(figure, Score) and isinstance(other, Score):
            assert (figure.correct, figure.predicted, figure.found, figure.gold) == (
                other.found,
                other.gold,
                other.correct,
                other.predicted,
            ), name
        elif isinstance(figure, Rates) and isinstance(other, Rates):
            assert (figure.precision, figure.recall) == pytest.approx((other.recall, other.precision), nan_ok=True), name
    for one, other in ((there.type_accuracy, back.type_accuracy), (there.source_accuracy, back.source_accuracy)):
        assert (one.correct, one.total) == (other.correct, other.total)
    for truth, answers in there.type_confusion.items():
        assert all(count == back.type_confusion[answer][truth] for answer, count in answers.items() if answer != "none")


def test_where_gold_has_mentions_exchanging_the_sides_does_not_exchange_the_joint_measure(port: Document) -> None:
    # A prediction may use any mention of the gold speaker, but is not believed about which mentions there are.
    named_otherwise = replace(
        port, entities=(replace(port.entities[0], name="présidente du Comptoir maritime"), port.entities[1])
    )
    without_mentions = replace(named_otherwise, entities=tuple(replace(it, mentions=()) for it in named_otherwise.entities))

    assert evaluate([port], [without_mentions], resamples=1).joint_speaker.recall == 1
    assert evaluate([without_mentions], [port], resamples=1).joint_speaker.precision == 1 / 3


@slowly
@given(_corpora, st.data())
def test_every_quotation_stands_in_one_pair(gold: list[Document], data: st.DataObject) -> None:
    predicted = [replace(data.draw(_documents), id=document.id) for document in gold]

    evaluation = evaluate(gold, predicted, resamples=1)

    for judged, answer in zip(evaluation.documents, predicted, strict=True):
        assert sorted(pair.gold for pair in judged.pairs if pair.gold is not None) == list(range(len(judged.gold.quotations)))
        assert sorted(pair.predicted for pair in judged.pairs if pair.predicted is not None) == list(
            range(len(answer.quotations))
        )
    assert evaluation.outcomes[Outcome.MISSED] == evaluation.iou50.gold - evaluation.iou50.found
    assert evaluation.outcomes[Outcome.SPURIOUS] == evaluation.iou50.predicted - evaluation.iou50.correct


def test_the_gold_articles_against_themselves_are_perfect(gold_documents: list[dict[str, Any]]) -> None:
    evaluation = evaluate(gold_documents, gold_documents, resamples=1)

    assert {value for value in values(evaluation).values() if not math.isnan(value)} == {1.0}
    assert isinstance(evaluation.figures()["speaker_by_source.pronoun"], Accuracy)


def test_missing_predictions_count_as_empty_and_are_named(port: Document) -> None:
    other = replace(port, id="other")

    evaluation = evaluate([port, other], [other], resamples=1)

    assert evaluation.missing == ("port",)
    assert (evaluation.iou50.precision, evaluation.iou50.recall) == (1, 0.5)
    assert evaluation.documents[0].predicted is None


def test_no_quotation_anywhere_leaves_nothing_to_measure() -> None:
    evaluation = evaluate([Document(id="a", text="Rien.")], [Document(id="a", text="Rien.")], resamples=1)

    assert all(math.isnan(value) for value in values(evaluation).values())
    assert evaluation.to_json()["exact"]["f1"] is None


def test_whoever_names_unknown_documents_is_told(port: Document) -> None:
    with pytest.raises(InvalidDocuments, match="predictions: document b, id: is predicted, but no gold document has this id"):
        evaluate([port], [replace(port, id="b")])


def test_a_bootstrap_without_resamples_is_refused(port: Document) -> None:
    with pytest.raises(ValueError, match="resamples must be at least 1, not 0"):
        evaluate([port], [port], resamples=0)


@pytest.fixture
def script() -> Callable[[Evaluation], None]:
    def check(evaluation: Evaluation) -> None:
        assert evaluation.joint_speaker.f1 > 0.7

    return check


def test_a_test_script_reads_naturally(port: Document, script: Callable[[Evaluation], None]) -> None:
    script(evaluate([port], [port], resamples=1))
    with pytest.raises(AssertionError):
        script(evaluate([port], [], resamples=1))
