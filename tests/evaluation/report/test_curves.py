"""The plots of the probabilities as one picture."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from guillemet_client.cli import application

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def files(gold_documents: list[dict[str, Any]], tmp_path: Path) -> Path:
    """Return a folder of gold articles and of predictions of which some state probabilities."""
    stated: list[dict[str, Any]] = json.loads(json.dumps(gold_documents[:6]))
    for document in stated:
        for number, quotation in enumerate(document["quotations"]):
            quotation.update(probability=(number * 7 % 10) / 10, source_probability=0.5, speaker_probability=0.9)
        document["quotations"] = [*document["quotations"][1:], {"type": "direct", "spans": [[0, 3]], "probability": 0.4}]
    for name, documents in {"gold": gold_documents[:6], "stated": stated}.items():
        (tmp_path / name).write_text("".join(json.dumps(it) + "\n" for it in documents), encoding="utf-8")
    return tmp_path


def drawn(files: Path, predictions: str) -> Result:
    arguments = ["evaluate", files / "gold", "--predictions", files / predictions, "--curves", files / "curves.svg"]
    return CliRunner().invoke(application(), [*map(str, arguments), "--json", "--resamples", "5"])


def test_every_point_of_every_curve_is_that_of_json(files: Path) -> None:
    done = drawn(files, "stated")

    assert (done.exit_code, done.stderr) == (0, "")
    calibrations = json.loads(done.stdout)["calibration"]
    picture = ET.parse(files / "curves.svg").getroot()  # noqa: S314 (our own)
    plots = {
        title: plot for plot in picture.iter(f"{SVG}svg") if (title := plot.findtext(f"{SVG}title")) and plot is not picture
    }
    assert len(plots) == 2 * len(calibrations) >= 6
    for decision, calibration in calibrations.items():
        name = decision.replace("joint_", "quotation and ")
        risks = places(plots[f"Risk and coverage, {name}"])
        assert risks == [(point["coverage"], point["risk"]) for point in calibration["risk_coverage"]]
        filled = [(part["stated"], part["right"]) for part in calibration["bins"] if part["answers"]]
        assert places(plots[f"Reliability, {name}"]) == filled


def places(plot: ET.Element) -> list[tuple[float, float]]:
    return [(float(dot.attrib["data-x"]), float(dot.attrib["data-y"])) for dot in plot.iter(f"{SVG}circle")]


def test_the_same_figures_make_the_same_picture(files: Path) -> None:
    drawn(files, "stated")
    first = (files / "curves.svg").read_bytes()
    drawn(files, "stated")

    assert (files / "curves.svg").read_bytes() == first


def test_without_probabilities_nothing_is_drawn_and_that_is_said(files: Path) -> None:
    done = drawn(files, "gold")

    assert done.exit_code == 1
    assert done.stderr == f"guillemet: {files / 'curves.svg'} is not written: no prediction states a probability\n"
    assert json.loads(done.stdout)
    assert not (files / "curves.svg").exists()
