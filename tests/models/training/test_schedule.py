from itertools import pairwise

import pytest

from guillemet_models.training.schedule import up_and_down


def factors(up_share: float, down_share: float) -> list[float]:
    return [up_and_down(step / 100, up_share, down_share) for step in range(101)]


def test_up_flat_and_down() -> None:
    found = factors(0.1, 0.4)

    assert found[0] == found[100] == 0.0
    assert found[5] == pytest.approx(0.5)
    assert set(found[10:60]) == {1.0}
    assert found[80] == pytest.approx(0.5)


def test_up_and_down_at_once() -> None:
    found = factors(0.25, 0.75)

    assert (found[0], found[25], found[100]) == (0.0, 1.0, 0.0)
    assert all(one < other for one, other in pairwise(found[:26]))
    assert all(one > other for one, other in pairwise(found[25:]))


@pytest.mark.parametrize(("shares", "ends"), [((0.0, 0.5), (1.0, 0.0)), ((0.5, 0.0), (0.0, 1.0)), ((0.0, 0.0), (1.0, 1.0))])
def test_a_share_of_nothing_leaves_a_part_out(shares: tuple[float, float], ends: tuple[float, float]) -> None:
    found = factors(*shares)

    assert (found[0], found[100]) == ends
