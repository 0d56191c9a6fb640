"""Stated probabilities against what was right, on examples that can be worked by hand."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from guillemet_evaluation import Document, Evaluation, RiskPoint, evaluate

Measured = Callable[..., Evaluation]

# Right, right, wrong, wrong; and a gold quotation that is not found.
GOLD = [(0, 10), (20, 30), (80, 90)]
PREDICTED = [(0, 10), (20, 30), (40, 50), (60, 70)]


def test_calibration_error_is_the_gap_of_each_bin_by_its_share(measured: Measured) -> None:
    found = measured(GOLD, PREDICTED, probability=[0.92, 0.98, 0.94, 0.3]).calibration["quotation"]

    # In [0.9, 1): 2 of 3 are right, 0.9467 stated; in [0.3, 0.4): 0 of 1, 0.3 stated.
    assert found.expected_error == pytest.approx(3 / 4 * (0.92 + 0.98 + 0.94 - 2) / 3 + 1 / 4 * 0.3)
    assert found.brier == pytest.approx((0.08**2 + 0.02**2 + 0.94**2 + 0.3**2) / 4)
    assert (found.answers, found.unstated) == (4, 0)
    assert [(it.low, it.high, it.answers) for it in found.bins if it.answers] == [(0.3, 0.4, 1), (0.9, 1.0, 3)]
    assert (found.bins[9].stated, found.bins[9].right) == (pytest.approx(2.84 / 3), 2 / 3)
    assert math.isnan(found.bins[0].stated)


def test_certainty_falls_into_the_last_bin(measured: Measured) -> None:
    found = measured([(0, 10)], [(0, 10)], probability=[1.0]).calibration["quotation"]

    assert found.bins[9].answers == 1
    assert found.expected_error == found.brier == 0


def test_risk_and_coverage(measured: Measured) -> None:
    found = measured(GOLD, PREDICTED, probability=[0.9, 0.7, 0.8, 0.6]).calibration["quotation"]

    # In order: right, wrong, right, wrong.
    assert found.risk_coverage == (
        RiskPoint(probability=0.9, coverage=0.25, risk=0.0),
        RiskPoint(probability=0.8, coverage=0.5, risk=0.5),
        RiskPoint(probability=0.7, coverage=0.75, risk=pytest.approx(1 / 3)),
        RiskPoint(probability=0.6, coverage=1.0, risk=0.5),
    )
    assert found.risk_area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_precision_at_a_recall_is_the_best_that_reaches_it(measured: Measured) -> None:
    found = measured(GOLD, PREDICTED, probability=[0.9, 0.7, 0.8, 0.6]).calibration["quotation"].precision_at_recall

    # Of three gold quotations two are found, the second by the third answer.
    assert found[0.5] == found[0.6] == pytest.approx(2 / 3)
    assert all(math.isnan(found[recall]) for recall in (0.7, 0.8, 0.9))


def test_equally_probable_answers_are_kept_together(measured: Measured) -> None:
    found = measured(GOLD, PREDICTED, probability=[0.5, 0.5, 0.5, 0.4]).calibration["quotation"]

    assert [(point.coverage, point.risk) for point in found.risk_coverage] == [(0.75, pytest.approx(1 / 3)), (1.0, 0.5)]
    assert found.risk_area == pytest.approx((3 * 1 / 3 + 1 / 2) / 4)
    assert found.precision_at_recall[0.5] == pytest.approx(2 / 3)


def test_the_curve_has_no_more_points_than_can_be_seen(measured: Measured) -> None:
    bounds = [(number, number + 1) for number in range(100)] + [(0, number) for number in range(2, 52)]

    found = measured([(0, 1)], bounds, probability=[1 - number / 200 for number in range(150)]).calibration["quotation"]

    assert len(found.risk_coverage) == 100
    assert (found.risk_coverage[0].coverage, found.risk_coverage[-1].coverage) == (1 / 150, 1)


def test_a_part_is_judged_where_the_quotation_is_right_and_joint_probabilities_are_products(port: Document) -> None:
    first, second, third = (
        replace(quotation, probability=0.8, source_probability=0.5, speaker_probability=0.25) for quotation in port.quotations
    )
    entities = (replace(port.entities[0], institution=None, institution_probability=0.7), port.entities[1])
    stranger = replace(third, spans=first.source and (first.source,))  # matches nothing
    predicted = replace(port, entities=entities, quotations=(first, replace(second, speaker="e2"), stranger))

    found = evaluate([port], [predicted], resamples=10).calibration

    assert {decision: it.answers for decision, it in found.items()} == {
        "quotation": 3,
        "source": 2,
        "speaker": 2,
        "institution": 1,
        "joint_source": 3,
        "joint_speaker": 3,
    }
    assert found["speaker"].brier == pytest.approx((0.75**2 + 0.25**2) / 2)
    assert found["joint_speaker"].brier == pytest.approx(((1 - 0.2) ** 2 + 0.2**2 + 0.2**2) / 3)
    assert found["joint_source"].brier == pytest.approx(((1 - 0.4) ** 2 + (1 - 0.4) ** 2 + 0.4**2) / 3)
    assert found["institution"].brier == pytest.approx(0.7**2)  # gold has one


def test_what_states_no_probability_is_counted_apart(port: Document) -> None:
    first, *others = port.quotations
    predicted = replace(port, quotations=(replace(first, probability=0.5), *others))

    found = evaluate([port], [predicted], resamples=10).calibration

    assert set(found) == {"quotation"}
    assert (found["quotation"].answers, found["quotation"].unstated) == (1, 2)
    assert evaluate([port], [port], resamples=10).calibration == {}


def test_intervals_hold_what_was_observed(port: Document) -> None:
    gold = [replace(port, id=str(number)) for number in range(20)]
    stating = [
        replace(it, quotations=tuple(replace(said, probability=0.6 + number / 100) for said in it.quotations))
        for number, it in enumerate(gold)
    ]

    found = evaluate(gold, stating).calibration["quotation"]

    assert 0 <= found.expected_error_interval.low <= found.expected_error <= found.expected_error_interval.high
    assert found.brier_interval.low < found.brier < found.brier_interval.high
