"""A server under load for moments instead of minutes, with a model of random weights."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from guillemet.v1 import quotation_pb2 as pb
from guillemet_bench.answers import Answers
from guillemet_bench.calls import Caller, Request
from guillemet_bench.corpus import articles
from guillemet_bench.outcomes import Outcomes
from guillemet_bench.printing import print_soak
from guillemet_bench.servers import ServerProcess
from guillemet_bench.soaking import Soak, soak
from guillemet_bench.traffic import LAPS
from guillemet_models.extractor import Extractor

WAIT = 120.0
FEW = 6
# What a few seconds say nothing about on a machine that does other things too, and what a tiny model does within 5 ms.
OF_MINUTES = ("goodput", "memory", "CPU time", "open files", "deadlines of 5 ms that reached", "texts read for nobody")


@pytest.fixture(scope="module", params=["cancellations", "traffic"])
def found(request: pytest.FixtureRequest, tiny_onnx_folder: Path) -> Soak:
    return asyncio.run(
        soak(request.param, minutes=0.06, number=FEW, model=tiny_onnx_folder, threads=1, seed=1, say=lambda _: None)
    )


def test_every_request_is_accounted_for_and_no_answer_is_wrong(found: Soak) -> None:
    lasting = [it for it in found.conditions if not it.name.startswith(OF_MINUTES)]

    assert len(lasting) >= 6
    assert [str(it) for it in lasting if not it.holds] == []


def test_there_was_something_to_count(found: Soak) -> None:
    if it := found.cancellations:
        assert min(it.outcomes.answered, it.outcomes.cancelled) > 0
        assert found.storm is not None
    else:
        assert found.traffic is not None
        guests = found.traffic.guests
        assert len(found.traffic.laps) == LAPS
        assert found.traffic.clients > 0
        assert guests.articles.answered > 0


def test_the_table_and_the_json_say_what_holds(found: Soak) -> None:
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        console = Console(record=True, width=160, file=nowhere)
        print_soak(found, console)
        text = console.export_text()

    said = found.to_json()

    assert len(said["conditions"]) == len(found.conditions)
    assert said["holds"] == all(it.holds for it in found.conditions)
    assert all(it.name in text for it in found.conditions)


def test_an_answer_that_differs_in_anything_is_wrong(tiny_onnx_folder: Path) -> None:
    request = Request.of(articles(1, seed=1)[0])
    answers = Answers(Extractor.load(tiny_onnx_folder, threads=1), [request])

    async def answer() -> bytes:
        with ServerProcess("--model", str(tiny_onnx_folder)) as server:
            async with Caller(server.address) as caller:
                return bytes(await caller.start(request))

    right = asyncio.run(answer())
    wrong = pb.ExtractQuotationsResponse.FromString(right)
    wrong.result.stats.tokens += 1

    assert answers.is_right(request, right)
    assert not answers.is_right(request, wrong.SerializeToString())


def test_a_request_that_did_not_end_is_unaccounted_for() -> None:
    assert Outcomes(sent=5, answered=2, cancelled=1, failed={"INTERNAL": 1}).unaccounted == 1


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ([], 1, "nowhere is no model folder"),
        (["--json", "nowhere/x.json"], 2, "nowhere/x.json cannot be written; a file in a folder"),
        (["--threads", "99999"], 2, "--threads 99,999: this process has "),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(options: list[str], status: int, sentence: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    code = "from guillemet_client.cli import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", code, "soak", "traffic", "--model", "nowhere", *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )

    assert done.returncode == status
    assert f"guillemet soak: {sentence}" in done.stderr
    assert "Traceback" not in done.stderr
