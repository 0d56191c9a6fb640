"""The Dockerfile's own steps, carried out in a folder: what they make serves, alone, and writes nothing."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.image_steps import built, command_of, size_of, steps_of

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
WAIT = 60.0
MEGABYTE = 1_000_000
STATED = re.compile(r"adds (\d+) MB to its base")

pytestmark = pytest.mark.skipif(
    "GUILLEMET_IMAGE_CHECK" not in os.environ, reason="installs from the package registry: make image-check"
)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(DOCKERFILE, ROOT, tmp_path_factory.mktemp("image"))


def environment(image: Path) -> dict[str, str]:
    return {
        "PATH": f"{image / 'bin'}:{os.environ['PATH']}",
        "HOME": "/nonexistent",
        "TMPDIR": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture(scope="module")
def address(image: Path) -> Iterator[str]:
    """Run the image's command on free ports of loopback, where there is no folder for what is temporary."""
    entrypoint, options = (command_of(step) for step in steps_of(DOCKERFILE) if step.name in {"ENTRYPOINT", "CMD"})
    command = [re.sub(r"^0\.0\.0\.0:\d+$", "127.0.0.1:0", word) for word in (*entrypoint, *options)]
    command[0] = str(image / "bin" / command[0])
    with subprocess.Popen(command, cwd="/", env=environment(image), stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr:
                if line.startswith("{") and (said := json.loads(line))["event"] == "serving":
                    break
            else:
                pytest.fail(f"ended with {process.wait(WAIT)}")
            yield said["address"]
            process.terminate()
            assert process.wait(WAIT) == 0
        finally:
            process.kill()


def guillemet(image: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [image / "bin" / "guillemet", *arguments],
        cwd="/",
        env=environment(image),
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


def test_the_image_answers_is_healthy_and_writes_nothing(image: Path, address: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in image.rglob("*")}
    health = guillemet(image, "health", address)
    answer = guillemet(image, "extract", str(ROOT / "examples" / "article.txt"), "--server", address, "--format", "jsonl")

    assert (health.returncode, health.stdout) == (0, "SERVING\n")
    assert json.loads(answer.stdout)["quotations"]
    assert {path: path.stat().st_mtime_ns for path in image.rglob("*")} == before


def test_the_image_holds_neither_torch_nor_tools(image: Path) -> None:
    packages = {path.name for path in image.glob("lib/python*/site-packages/*")}

    assert not packages & {"torch", "transformers", "pip", "setuptools", "scipy", "hypothesis"}
    assert {"guillemet_server", "onnxruntime", "grpc"} <= packages


def test_the_image_is_as_large_as_is_said(image: Path) -> None:
    [stated] = STATED.findall((ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))

    print(f"{size_of(image) / MEGABYTE:.0f} MB with {sys.version_info[:2]}")  # noqa: T201 (for whom it is run)
    assert abs(size_of(image) / MEGABYTE - int(stated)) < 0.1 * int(stated)
