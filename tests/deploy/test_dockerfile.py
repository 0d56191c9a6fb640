"""The image: linted, without privileges, made of what the server asks for."""

import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.image_steps import command_of, steps_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy"
DOCKERFILE = FOLDER / "Dockerfile"
FOR_GPUS = FOLDER / "Dockerfile.gpu"
STEPS = steps_of(DOCKERFILE)
ASKED = [Requirement(line) for line in requires("guillemet") or ()]
LAST = [step for step in STEPS if step.stage == STEPS[-1].stage]


def arguments(name: str) -> list[str]:
    return [step.arguments for step in LAST if step.name == name]


@pytest.mark.parametrize("file", [DOCKERFILE, FOR_GPUS], ids=lambda file: file.name)
def test_the_linter_finds_nothing(file: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, file], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_for_gpus_differs_in_torch_alone() -> None:
    steps, others = (
        [(step.stage, step.name, step.arguments) for step in of if step.name not in {"RUN", "CMD"}]
        for of in (STEPS, steps_of(FOR_GPUS))
    )
    said = " ".join(step.arguments for step in steps_of(FOR_GPUS))

    assert steps == others
    assert "torch==" in said
    assert '"--runtime", "torch"' in said


def test_the_image_is_built_in_stages_and_runs_without_privileges() -> None:
    assert STEPS[-1].stage == 1
    assert [copied for copied in arguments("COPY") if not copied.startswith("--from=build")] == []
    [user] = arguments("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number: a cluster cannot tell whether a name is root's"
    assert arguments("STOPSIGNAL") == ["SIGTERM"]


def test_the_image_says_how_it_is_asked_for_its_health() -> None:
    [check] = [step for step in LAST if step.name == "HEALTHCHECK"]

    assert command_of(check)[:2] == ["guillemet", "health"]


def test_base_images_have_a_version_and_no_host() -> None:
    images = [step.arguments.split()[0] for step in STEPS if step.name == "FROM"]

    assert images
    for image in images:
        assert re.fullmatch(r"[a-z]+(/[a-z]+)?:[\w.-]+", image)
        assert not image.endswith(":latest")


def test_what_is_copied_passes_the_ignore_file() -> None:
    passed = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    copied = {name for step in STEPS if step.name == "COPY" and step.stage == 0 for name in step.arguments.split()[:-1]}

    assert copied <= passed
    assert all((ROOT / name).exists() for name in passed)


@pytest.mark.parametrize("line", (FOLDER / "requirements.txt").read_text(encoding="utf-8").splitlines())
def test_the_image_is_made_of_what_the_server_asks_for(line: str) -> None:
    if not line.startswith("#"):
        name, _, pinned = line.partition("==")

        assert all(pinned in asked.specifier for asked in ASKED if canonicalize_name(asked.name) == name)
        assert name not in {"torch", "transformers"}
