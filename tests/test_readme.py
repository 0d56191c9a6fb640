"""The README is true: its commands and its code run, its tree exists, its table of errors is whole; so is the format's page."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet
import pytest

from guillemet_client import Document

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FORMAT = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
WAIT = 120.0
ADDRESS = re.compile(r"(?:localhost|127\.0\.0\.1):50051")
MAX_LINES = 270

# What `no-test` may stand for; whatever else is shown is run.
NOT_RUN = ("pip install", "grpcurl", "guillemet train", "git clone", "docker", "make ")


class Block(NamedTuple):
    """A fenced block."""

    language: str
    label: str  # behind the language: "", "no-test", "output", "tree"
    text: str


BLOCKS = [Block(*match) for match in re.findall(r"^```(\w+) ?(.*)\n((?:(?!```).*\n)*)```$", README, re.MULTILINE)]
TREE = next(block.text for block in BLOCKS if block.label == "tree")
SHELL = [block.text for block in BLOCKS if (block.language, block.label) == ("sh", "")]
SERVE = next(text for text in SHELL if text.startswith("guillemet serve"))
BATCH = next(text for text in SHELL if text.startswith("guillemet batch"))
PYTHON = [block.text for block in BLOCKS if block.language == "python"]


def environment() -> dict[str, str]:
    """Return an environment in which `guillemet` and `python` are those of this interpreter."""
    scripts = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([scripts, os.environ["PATH"]]), "PYTHONPATH": os.pathsep.join(sys.path)}


def run(*command: str, cwd: Path = ROOT) -> str:
    """Run a command, in the root of the repository unless it writes files; return what it prints."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, encoding="utf-8", timeout=WAIT, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Start the README's server, on a free port, and end it as the README says."""
    command = ADDRESS.sub("127.0.0.1:0", SERVE).split()
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr:
                if line.startswith("{") and (said := json.loads(line))["event"] == "serving":
                    break
            else:
                pytest.fail(f"{SERVE!r} ended with {process.wait(WAIT)}")
            assert {"name", "sha256", "runtime", "threads", "max_document_characters"} <= said.keys()
            yield said["address"]
            process.terminate()
            assert process.wait(WAIT) == 0
        finally:
            process.kill()


def test_every_block_is_run_or_says_that_it_is_not() -> None:
    assert len(BLOCKS) * 2 == README.count("```")
    for block in BLOCKS:
        assert block.label in {"sh": ("", "no-test"), "python": ("",), "text": ("output", "tree")}[block.language]
        if block.label == "no-test":
            assert any(command in block.text for command in NOT_RUN), block.text


@pytest.mark.parametrize("commands", [text for text in SHELL if text not in (SERVE, BATCH)])
def test_a_command_does_what_it_shows(commands: str, address: str) -> None:
    printed = run("sh", "-eu", "-c", ADDRESS.sub(address, commands))

    assert "«" in printed
    assert "cue:" in printed


def test_a_corpus_is_written(address: str, tmp_path: Path) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    gold = [line for path in sorted((ROOT / "tests" / "gold").glob("*.jsonl")) for line in path.read_bytes().splitlines()]

    printed = run("sh", "-eu", "-c", ADDRESS.sub(address, BATCH), cwd=tmp_path)

    assert printed.startswith(f"documents     {len(gold)}\n")
    [output] = tmp_path.glob("*.parquet")
    assert pyarrow.parquet.read_table(output).column("id").to_pylist() == [json.loads(line)["id"] for line in gold]


@pytest.mark.parametrize("code", PYTHON)
def test_a_piece_of_code_runs_without_a_warning(code: str, address: str) -> None:
    printed = run(sys.executable, "-X", "utf8", "-W", "error", "-c", ADDRESS.sub(address, code))

    if "print(" in code:
        assert printed.count("\n") >= 2
        assert "«" in printed
    else:
        assert "\nassert " in code


def test_the_output_shown_is_what_the_command_before_it_prints() -> None:
    shown = [(before, after) for before, after in pairwise(BLOCKS) if after.label == "output"]
    assert shown
    for before, after in shown:
        printed = speakers(run("sh", "-eu", "-c", before.text))
        # Probabilities change with the processor; who speaks must not.
        assert speakers(after.text) <= printed, "run the command again, and paste what it prints"


def speakers(output: str) -> set[str]:
    """Return the headings: the lines that are not indented."""
    return {line.strip() for line in output.splitlines() if line.strip() not in ("", "…") and not line.startswith(" ")}


def tree_paths() -> list[Path]:
    """Return the paths that the tree names: before two spaces, separated by commas, below the folder they are indented to."""
    paths: list[Path] = []
    folder = Path()
    for line in TREE.splitlines():
        names = [Path(name.strip()) for name in re.split(r" {2,}", line.strip())[0].split(",")]
        if line.startswith(" "):
            paths += [folder / name for name in names]
        else:
            folder = names[0]
            paths += names
    return paths


@pytest.mark.parametrize("path", tree_paths(), ids=str)
def test_what_the_tree_names_exists(path: Path) -> None:
    assert (ROOT / path).exists()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no git checkout")
def test_the_tree_names_everything_at_the_top() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    top = {name.split("/")[0] for name in listed.split("\0") if name}

    assert {path.parts[0] for path in tree_paths()} == top


def test_what_the_readme_links_to_exists() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_reason_of_a_refusal_is_explained() -> None:
    source = (ROOT / "server" / "guillemet_server" / "errors.py").read_text(encoding="utf-8")
    reasons = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+|INTERNAL)"', source))

    assert len(reasons) > 10
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in README] == []


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) < MAX_LINES


def test_the_example_of_the_format_is_of_the_format() -> None:
    document = json.loads(re.findall(r"```json\n(.*?)```", FORMAT, re.DOTALL)[0])
    first, second = document["quotations"]
    [entity] = document["entities"]

    def words(span: list[int]) -> str:
        return document["text"][slice(*span)]

    assert [words(span) for span in first["spans"] + second["spans"]] == ["« Le port rouvrira. »", "les quais étaient sûrs"]
    assert [words(it[part]) for it in (first, second) for part in ("cue", "source")] == [
        "assure",
        "Zoé Hamel",
        "a ajouté",
        "Elle",
    ]
    assert [words(span) for span in entity["mentions"]] == [entity["name"], entity["role"]]
    assert {first["speaker"], second["speaker"]} == {entity["id"]}
    answer = Document(
        id="", text="", quotations=(), entities=(), model="", tokens=0, windows=0, queue_seconds=0, inference_seconds=0
    ).to_json()
    assert document.keys() == answer.keys()


@pytest.mark.parametrize(("encoding", "codec", "width"), [("8", "utf-8", 1), ("16", "utf-16-le", 2), ("32", "utf-32-le", 4)])
def test_the_table_of_offsets_is_right(encoding: str, codec: str, width: int) -> None:
    [(text, quotation)] = re.findall(r"The text `(.*?)` and its quotation `(.*?)`", FORMAT)
    begin = text.index(quotation)
    [row] = re.findall(rf"^\| `OFFSET_ENCODING_UTF{encoding}` .*$", FORMAT, re.MULTILINE)
    shown = [cell.strip() for cell in row.strip("|").split("|")][2:]

    def units(part: str) -> int:
        return len(part.encode(codec)) // width

    assert shown == [
        *(str(units(character)) for character in "🎤Éé« "),
        f"{units(text[:begin])} to {units(text[:begin] + quotation)}",
    ]
