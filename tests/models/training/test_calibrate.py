import json
import random
import shutil
from pathlib import Path

import pytest

from guillemet_models.training.calibrate import KINDS, Answer, _fit, calibrate, expected_error
from guillemet_models.weights import read_settings


def overconfident(count: int) -> list[Answer]:
    """Return answers said to be right in nineteen cases of twenty, and right in three of four."""
    chance = random.Random(0)
    return [Answer("quotation", 0.95, chance.random() < 0.75, number) for number in range(count)]


def test_the_expected_error_of_a_hand_worked_example() -> None:
    # Two bins: 0.9 stated, 0.5 right, twice; 0.25 stated, 0 right, twice. (2 * 0.4 + 2 * 0.25) / 4
    answers = [
        Answer("source", stated, right, 0) for stated, right in ((0.9, True), (0.9, False), (0.25, False), (0.25, False))
    ]

    assert expected_error(answers) == pytest.approx(0.325)


def test_no_answer_has_no_error() -> None:
    assert expected_error([]) == 0.0


def test_a_fitted_scale_states_what_was_right() -> None:
    scale = _fit(overconfident(2000))

    assert scale(0.95) == pytest.approx(0.75, abs=0.03)


def test_without_answers_nothing_is_scaled() -> None:
    scale = _fit([])

    assert (scale.slope, scale.offset) == pytest.approx((1, 0))


def test_a_model_folder_is_calibrated_on_our_gold(tiny_onnx_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_onnx_folder, tmp_path / "model")
    lines = (Path(__file__).parents[2] / "gold" / "press.jsonl").read_text(encoding="utf-8").splitlines()[:2]
    gold = tmp_path / "gold.jsonl"
    gold.write_text("\n".join(lines), encoding="utf-8")

    errors = calibrate(folder, gold)
    gold.write_text("\n".join([lines[0], "no JSON"]), encoding="utf-8")
    with pytest.raises(ValueError, match="Expecting value"):
        calibrate(folder, gold)  # and what was fitted stays

    settings = read_settings(folder)
    assert "quotation" in errors
    assert set(errors) == set(settings.calibration) <= set(KINDS)
    assert settings.sha256 == json.loads((tiny_onnx_folder / "model.json").read_text(encoding="utf-8"))["sha256"]
