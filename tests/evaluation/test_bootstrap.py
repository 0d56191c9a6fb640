"""Intervals are of resampled documents, the same for the same seed."""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from guillemet_evaluation import Document, Evaluation, compare, evaluate
from guillemet_evaluation.bootstrap import SampledScore, Sums, interval, mean_rates
from guillemet_evaluation.tallying import Counts


def corpus(port: Document, n_right: int, n_wrong: int) -> tuple[list[Document], list[Document]]:
    """Return gold and predictions of which so many are wholly right, and so many find nothing."""
    gold = [replace(port, id=str(number)) for number in range(n_right + n_wrong)]
    return gold, gold[:n_right]


def test_the_same_seed_gives_the_same_intervals(port: Document) -> None:
    gold, predictions = corpus(port, 6, 4)

    first, again, other = (evaluate(gold, predictions, resamples=5, seed=seed) for seed in (1, 1, 2))

    assert first.to_json() == again.to_json()
    assert first.joint_speaker.recall == other.joint_speaker.recall
    assert first.joint_speaker.recall_interval != other.joint_speaker.recall_interval


def test_an_interval_is_that_of_the_binomial_where_documents_are_right_or_wrong(port: Document) -> None:
    gold, predictions = corpus(port, 30, 20)

    found = evaluate(gold, predictions, resamples=4000)

    # How many of a resample are right is binomial (50, 0.6); its quantiles at 2.5 % and 97.5 % are 23 and 37.
    assert found.iou50.recall == 0.6
    assert found.iou50.recall_interval == pytest.approx((23 / 50, 37 / 50), abs=0.021)
    assert found.iou50.precision_interval == (1, 1)


def test_resamples_draw_whole_documents_with_replacement() -> None:
    rows: list[Counts] = [defaultdict(float, {("n",): 1.0, ("first",): float(number == 0)}) for number in range(5)]

    sums = Sums(rows, resamples=2000, seed=0)

    assert sums["n",][0] == 5
    assert set(sums["n",]) == {5.0}
    assert sums["first",][0] == 1
    drawn = sums["first",][1:]
    assert set(drawn) >= {0.0, 1.0, 2.0, 3.0}
    assert drawn.mean() == pytest.approx(1, abs=0.1)
    assert set(sums["never",]) == {0.0}


def test_more_documents_than_fit_at_once_are_drawn_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Counts] = [defaultdict(float, {("n",): 1.0}) for _ in range(7)]
    monkeypatch.setattr("guillemet_evaluation.bootstrap._MOST_WEIGHTS", 15)

    sums = Sums(rows, resamples=5, seed=0)

    assert list(sums["n",]) == [7.0] * 6


def test_a_score_is_undefined_only_where_neither_side_holds_anything() -> None:
    predicted, gold = np.array([0.0, 0.0, 4.0, 4.0]), np.array([0.0, 5.0, 0.0, 5.0])
    correct = np.array([0.0, 0.0, 0.0, 2.0])

    rates = SampledScore(correct, predicted, correct, gold).rates()

    assert np.isnan(rates.f1[0])
    assert list(rates.precision[1:]) == [0, 0, 2 / 4]
    assert list(rates.recall[1:]) == [0, 0, 2 / 5]
    assert list(rates.f1[1:]) == [0, 0, pytest.approx(2 * 2 / 9)]


def test_a_mean_is_of_what_is_defined() -> None:
    whole = SampledScore(*(np.array([2.0]) for _ in range(4))).rates()
    nothing = SampledScore(*(np.array([0.0]) for _ in range(4))).rates()
    half = SampledScore(np.array([1.0]), np.array([2.0]), np.array([1.0]), np.array([2.0])).rates()

    assert mean_rates([whole, nothing, half]).f1[0] == 0.75
    assert np.isnan(mean_rates([nothing]).f1[0])


def test_an_interval_leaves_out_resamples_without_a_value() -> None:
    assert interval(np.array([0.5, np.nan, 0.25, 0.25, np.nan])) == (0.25, 0.25)
    assert all(map(math.isnan, interval(np.array([0.5, np.nan]))))
    assert all(map(math.isnan, interval(np.array([np.nan, 0.5]))))


def test_two_systems_are_compared_on_the_same_resamples(port: Document) -> None:
    gold, a = corpus(port, 12, 8)
    _, b = corpus(port, 15, 5)

    found = compare(gold, a, b, resamples=4000, seed=3).differences["iou50"]

    # B finds what A finds in every resample, and more: no resample makes it worse.
    assert (found.a, found.b) == (evaluate(gold, a).iou50.f1, evaluate(gold, b).iou50.f1)
    assert found.difference == found.b - found.a
    assert found.interval.low >= 0
    # The three documents that differ are in no resample with probability (17 / 20) ** 20: twice that, two-sided.
    assert found.p_value == pytest.approx(2 * (17 / 20) ** 20, abs=0.03)


def test_the_p_value_of_one_document_in_many(port: Document) -> None:
    gold, a = corpus(port, 9, 11)
    _, b = corpus(port, 10, 10)

    found = compare(gold, a, b, resamples=4000).differences["iou50"]

    # The one document that differs is in no resample with probability (19 / 20) ** 20 = 0.358.
    assert found.p_value == pytest.approx(2 * (19 / 20) ** 20, abs=0.04)


def test_a_system_does_not_differ_from_itself(port: Document) -> None:
    gold, a = corpus(port, 3, 2)

    comparison = compare(gold, a, a, resamples=50)

    for name, found in comparison.differences.items():
        assert found.p_value == 1 or math.isnan(found.p_value), name
        assert found.difference == 0 or math.isnan(found.difference), name
    assert comparison.documents == ()
    assert math.isnan(comparison.differences["speaker_by_source.none"].p_value)


def test_exchanging_the_systems_changes_the_sign(port: Document) -> None:
    gold, a = corpus(port, 3, 2)
    _, b = corpus(port, 4, 1)

    there, back = (compare(gold, *pair, resamples=200).differences["joint_speaker"] for pair in ((a, b), (b, a)))

    assert there.difference == -back.difference
    assert there.interval == pytest.approx((-back.interval.high, -back.interval.low))
    assert there.p_value == back.p_value


def test_documents_that_differ_most_come_first(port: Document) -> None:
    gold = [replace(port, id=str(number)) for number in range(3)]
    worse = replace(gold[1], quotations=gold[1].quotations[:1])
    worst = replace(gold[2], quotations=())

    comparison = compare(gold, gold, [gold[0], worse, worst], resamples=1)

    assert [(it.id, it.document, it.a_errors, it.b_errors) for it in comparison.documents] == [("2", 2, 0, 3), ("1", 1, 0, 2)]
    assert [(it.a_f1, it.b_f1) for it in comparison.documents] == [(1, 0), (1, 0.5)]


def test_faults_name_the_system(port: Document) -> None:
    with pytest.raises(ValueError, match="b: document x, id: is predicted"):
        compare([port], [port], [replace(port, id="x")])


def test_a_comparison_holds_what_each_evaluation_says(port: Document) -> None:
    gold, a = corpus(port, 3, 2)

    comparison = compare(gold, a, gold)
    written = comparison.to_json()

    assert written["a"] == evaluate(gold, a).to_json()
    assert set(written["differences"]) == set(comparison.a.figures())
    assert written["documents"][0] == {"document": 3, "id": "3", "a_f1": 0.0, "b_f1": 1.0, "a_errors": 3, "b_errors": 0}


def test_errors_are_counted_as_the_joint_measure_counts_them(measured: Callable[..., Evaluation]) -> None:
    evaluation = measured([(0, 10), (20, 30)], [(0, 10), (20, 24), (50, 60)])
    [judged] = evaluation.documents

    [found] = compare([judged.gold], [judged.predicted or judged.gold], [judged.gold], resamples=1).documents

    assert found.a_f1 == evaluation.joint_speaker.f1
    assert found.a_errors == 1 + 2  # missed, and two that match nothing
