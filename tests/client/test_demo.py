"""examples/demo.py, with a server of which only the command is made up: the answers come from the canned one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"

SERVER = """
import json, os, pathlib, sys, time
pathlib.Path(os.environ["PID_FILE"]).write_text(str(os.getpid()))
print("a line that is no JSON", file=sys.stderr)
if os.environ["ADDRESS"]:
    print(json.dumps({"event": "serving", "address": os.environ["ADDRESS"]}), file=sys.stderr, flush=True)
    time.sleep(600)
"""


def run_demo(folder: Path, address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration with a server that says it listens on `address`; "": that does not start."""
    (folder / "guillemet_server").mkdir()
    (folder / "guillemet_server" / "__init__.py").touch()
    (folder / "guillemet_server" / "__main__.py").write_text(SERVER)
    paths = [str(folder), *(path for path in sys.path if path)]
    environment = os.environ | {
        "ADDRESS": address,
        "PID_FILE": str(folder / "pid"),
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.run(
        [sys.executable, str(DEMO), *arguments], env=environment, capture_output=True, encoding="utf-8", check=False
    )


def assert_nothing_is_left(folder: Path) -> None:
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "pid").read_text()), 0)


def test_the_demonstration_prints_quotations_and_leaves_no_process(tmp_path: Path, address: str) -> None:
    done = run_demo(tmp_path, address)

    assert (done.returncode, done.stderr) == (0, "")
    assert "« Nous ne prendrons aucun risque avec la santé des enfants »" in done.stdout
    assert_nothing_is_left(tmp_path)


@pytest.mark.parametrize("text", ["refuse TEXT_ODD", ""])
def test_a_refused_text_is_one_line_and_leaves_no_process(tmp_path: Path, address: str, text: str) -> None:
    (tmp_path / "bad.txt").write_text(text)

    done = run_demo(tmp_path, address, str(tmp_path / "bad.txt"))

    assert (done.returncode, done.stderr) == (1, f"{tmp_path}/bad.txt: document.text: refused\n")
    assert_nothing_is_left(tmp_path)


@pytest.mark.parametrize(
    ("data", "sentence"), [(None, "cannot be read (No such file or directory)"), (b"Il dit : \xe9", "is not UTF-8 (byte 9)")]
)
def test_a_file_that_is_no_text_is_one_line(tmp_path: Path, address: str, data: bytes | None, sentence: str) -> None:
    if data is not None:
        (tmp_path / "bad.txt").write_bytes(data)

    done = run_demo(tmp_path, address, str(tmp_path / "bad.txt"))

    assert (done.returncode, done.stderr) == (1, f"{tmp_path}/bad.txt {sentence}\n")


def test_a_server_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    done = run_demo(tmp_path, "")

    assert done.returncode == 1
    assert done.stderr == "the server did not start:\na line that is no JSON\n\n"
    assert_nothing_is_left(tmp_path)
