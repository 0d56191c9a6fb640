"""The steps of a Dockerfile, carried out without Docker: each stage has a folder for each path that it makes."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

WAIT = 540.0


class Step(NamedTuple):
    """An instruction."""

    stage: int
    name: str  # in capitals
    arguments: str


def steps_of(dockerfile: Path) -> list[Step]:
    """Return the instructions of a Dockerfile, its continued lines joined."""
    lines = re.sub(r"\\\n\s*", "", dockerfile.read_text(encoding="utf-8")).splitlines()
    steps: list[Step] = []
    stage = -1
    for line in lines:
        if line.strip() and not line.startswith("#"):
            name, _, arguments = line.partition(" ")
            stage += name == "FROM"
            steps.append(Step(stage, name, arguments.strip()))
    return steps


def command_of(step: Step) -> list[str]:
    """Return the words of a CMD, an ENTRYPOINT or a HEALTHCHECK."""
    return json.loads(step.arguments[step.arguments.index("[") :])


def built(dockerfile: Path, context: Path, folder: Path) -> Path:
    """Carry out the first stage below `folder`; return the folder that stands for the one copied into the image.

    The image's Python is this one; /opt/guillemet and /source are folders of `folder`.
    """
    source, target = folder / "source", folder / "guillemet"
    source.mkdir(parents=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **_registry()}
    for step in steps_of(dockerfile):
        if step.stage > 0:
            break
        if step.name == "ENV":
            environment |= dict(word.split("=", 1) for word in shlex.split(step.arguments))
        elif step.name == "COPY":
            *names, to = shlex.split(step.arguments)
            for name in names:
                _copy(context / name, source / (name if to == "./" else to))
        elif step.name == "RUN":
            script = re.sub(r"^python ", f"{shlex.quote(sys.executable)} ", step.arguments).replace(
                "/opt/guillemet", str(target)
            )
            done = subprocess.run(
                ["sh", "-eu", "-c", script],
                cwd=source,
                env=environment,
                capture_output=True,
                text=True,
                timeout=WAIT,
                check=False,
            )
            assert done.returncode == 0, f"{step.arguments}\n{done.stderr}"
    return target


def _registry() -> dict[str, str]:
    """Return what tells pip where packages are."""
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, to, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    else:
        shutil.copy(path, to)


def size_of(folder: Path) -> int:
    """Return the bytes of the files below `folder`, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
