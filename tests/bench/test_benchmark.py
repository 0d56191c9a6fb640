"""The whole measurement, with a model of random weights and as little of everything as there can be."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from guillemet_bench.benchmark import Benchmark, Plan
from guillemet_bench.figures import Figures
from guillemet_bench.plotting import plot
from guillemet_bench.printing import print_figures

WAIT = 120.0
LITTLE = Plan(
    articles=6,
    repetitions=2,
    in_flight=(1, 4),
    closed_seconds=0.2,
    of_saturation=(0.5, 1.5),
    open_seconds=0.5,
    warm_up_seconds=0.1,
    turns=2,
    latencies=2,
    company_seconds=0.3,
    cancelling_seconds=0.5,
    storm=10,
)


@pytest.fixture(scope="module")
def figures(tiny_onnx_folder: Path) -> Figures:
    import asyncio  # noqa: PLC0415

    said: list[str] = []
    benchmark = Benchmark(LITTLE, model=tiny_onnx_folder, threads=1, seed=1, say=said.append)
    asyncio.run(benchmark.run())
    assert said
    return benchmark.figures


def test_everything_is_measured(figures: Figures) -> None:
    assert figures.raw_words_per_s > 0
    assert set(figures.throughput) == {"unary", "batch", "stream"}
    assert all(len(it.ratios) == LITTLE.repetitions and it.ratio > 0 for it in figures.throughput.values())
    assert [load.in_flight for load in figures.closed] == list(LITTLE.in_flight)
    assert [load.of_saturation for load in figures.open] == list(LITTLE.of_saturation)
    assert len(figures.beside_p99_ms) == 4
    assert figures.cold_start_seconds is not None
    assert all(size > 2**20 for size in figures.rss_bytes.values())


def test_nothing_is_lost_answered_wrongly_or_failed(figures: Figures) -> None:
    assert figures.cancellations is not None
    assert figures.drain is not None
    assert figures.storm is not None
    outcomes = figures.cancellations.outcomes
    assert outcomes.answered > 0
    assert (outcomes.wrong, outcomes.failures) == (0, 0)
    assert (figures.drain.lost, figures.drain.exit_status) == (0, 0)
    assert figures.storm.requests == LITTLE.storm
    assert not any(load.others for load in (*figures.closed, *figures.open))


def test_the_json_has_what_other_programs_rely_on(figures: Figures) -> None:
    values = json.loads(json.dumps(figures.to_json()))

    assert values["raw"]["words_per_s"] > 0
    for name in ("unary", "batch", "stream"):
        assert values[name]["ratio"] > 0
        assert values[name]["words_per_s"] > 0
    assert isinstance(values["added_latency_ms_p50"], float)
    assert values["overload"]["goodput_ratio"] > 0
    assert len(values["overload"]["goodput_ratios"]) == LITTLE.turns
    assert "reject_p99_ms" in values["overload"]


def test_the_table_says_it_all(figures: Figures) -> None:
    console = Console(record=True, width=140, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    print_figures(figures, console)
    console.file.close()
    text = console.export_text()

    for words in (
        "raw model",
        "unary",
        "batch",
        "stream",
        "open loop",
        "150%",
        "a full stream",
        "SIGTERM under load",
        "same CPUs",
    ):
        assert words in text


@pytest.mark.parametrize(("name", "begin"), [("curve.svg", b"<?xml"), ("curve.png", b"\x89PNG")])
def test_the_curve_is_drawn(figures: Figures, tmp_path: Path, name: str, begin: bytes) -> None:
    plot(figures, tmp_path / name)

    assert (tmp_path / name).read_bytes().startswith(begin)


def command(*options: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    code = "from guillemet_client.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "bench", "--quick", *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (["--plot", "curve.pdf"], 2, "curve.pdf: a plot is an .svg or a .png"),
        (["--plot", "nowhere/x.svg", "--model", "nowhere"], 2, "nowhere/x.svg cannot be written; a file in a folder"),
        (["--json", "nowhere/x.json", "--model", "nowhere"], 2, "nowhere/x.json cannot be written; a file in a folder"),
        (["--threads", "99999", "--model", "nowhere"], 2, "--threads 99,999: this process has "),
        (["--model", "nowhere"], 1, "nowhere is no model folder"),
        (["--server", "unix:nobody"], 1, "unix:nobody: UNAVAILABLE"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(options: list[str], status: int, sentence: str) -> None:
    done = command(*options)

    assert done.returncode == status
    assert f"guillemet bench: {sentence}" in done.stderr
    assert "Traceback" not in done.stderr
