import grpc
import pytest

from guillemet_bench.figures import Load, Overload, Throughput
from guillemet_bench.measuring import Durations, Tally


def test_percentiles_are_those_of_the_durations() -> None:
    durations = Durations()
    for number in range(1, 1_001):
        durations.add(number / 1000)

    assert len(durations) == 1_000
    assert durations.percentile_ms(50) == pytest.approx(500, rel=0.002)
    assert durations.percentile_ms(99) == pytest.approx(990, rel=0.002)
    assert durations.percentile_ms(100) == pytest.approx(1_000, rel=0.002)


def test_of_no_durations_there_is_no_percentile() -> None:
    assert Durations().percentile_ms(50) is None


def test_refusals_for_load_are_told_from_failures() -> None:
    tally = Tally(words=100, seconds=4.0)
    tally.answered.add(0.010)
    tally.add_failure(grpc.StatusCode.RESOURCE_EXHAUSTED, 0.002)
    tally.add_failure(grpc.StatusCode.INTERNAL, 0.5)
    tally.add_failure(grpc.StatusCode.INTERNAL, 0.5)

    load = Load.of(tally, in_flight=4)

    assert tally.requests == 4
    assert load.words_per_s == 25.0
    assert load.reject_share == 0.25
    assert load.reject_p99_ms == pytest.approx(2.0, rel=0.002)
    assert load.others == {"INTERNAL": 2}


def test_a_ratio_is_taken_with_the_limit_measured_beside_it() -> None:
    # The machine was half as fast the second time: the ratios say nothing of that.
    throughput = Throughput.of([900.0, 450.0, 1_000.0], [1_000.0, 500.0, 1_000.0])

    assert throughput.ratios == [0.9, 0.9, 1.0]
    assert (throughput.ratio, throughput.words_per_s) == (0.9, 900.0)


def turn(words: int, *refused_ms: float) -> Tally:
    tally = Tally(words=words, seconds=1.0)
    for ms in refused_ms:
        tally.add_failure(grpc.StatusCode.RESOURCE_EXHAUSTED, ms / 1000)
    return tally


def test_what_the_heaviest_load_leaves_is_measured_against_the_best_beside_it() -> None:
    heaviest = turn(900, *[2.0] * 60), turn(480, *[2.0] * 38, 50.0, 50.0), turn(990)
    best = turn(1_000), turn(500), turn(900)

    overload = Overload.of((1.5, list(heaviest)), (1.1, list(best)))

    assert overload.goodput_ratios == pytest.approx([0.9, 0.96, 1.1])
    assert overload.goodput_ratio == pytest.approx(0.96)
    # Two in a hundred, wherever they were.
    assert overload.reject_p99_ms == pytest.approx(50.0, rel=0.002)


def test_nothing_refused_has_no_percentile() -> None:
    assert Overload.of((1.5, [turn(900)]), (1.1, [turn(1_000)])).reject_p99_ms is None


def test_beside_a_load_that_got_no_answer_nothing_is_praised() -> None:
    assert Overload.of((1.5, [turn(900)]), (1.1, [turn(0)])).goodput_ratio == 0.0
