"""Signals, kills and a full disk, with real processes: whatever happens, every document is answered exactly once."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

WAIT = 300.0  # a test that waits this long has failed
SERVER = Path(__file__).with_name("stalling_server.py")
COMMAND = "from guillemet_client.cli import main; main()"
N_DOCUMENTS = 300
ENOUGH = 10**6

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

Serve = Callable[[int], "subprocess.Popen[str]"]
Start = Callable[..., "subprocess.Popen[str]"]


def article(number: int) -> str:
    """Return an invented text."""
    words = random.Random(number).choices(["le", "port", "la", "mairie", "des", "quais", "hier", "ville", "eau"], k=40)
    return f"{' '.join(words[:30])} : « {' '.join(words[30:])}. » 🎤 a dit Zoé Hamel, n° {number}.\r\n"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a server that reads so many texts and stalls; return it when it is ready."""
    with ExitStack() as stack:

        def start(n_texts: int) -> "subprocess.Popen[str]":
            command = [sys.executable, str(SERVER), f"unix:{tmp_path}/server.sock", str(n_texts)]
            server = stack.enter_context(
                subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            )
            stack.callback(server.kill)
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            return server

        yield start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command on the same corpus."""
    texts = [article(number) for number in range(N_DOCUMENTS)]
    pq.write_table(pa.table({"key": range(N_DOCUMENTS), "body": texts}), tmp_path / "in.parquet", row_group_size=70)
    with ExitStack() as stack:

        def start(output: str, *options: str, prelude: str = "") -> "subprocess.Popen[str]":
            arguments = ["batch", "in.parquet", "--output", output, "--text-column", "body", "--id-column", "key", *options]
            command = [sys.executable, "-c", f"{prelude}{COMMAND}", *arguments, "--server", f"unix:{tmp_path}/server.sock"]
            run = stack.enter_context(
                subprocess.Popen(
                    command,
                    cwd=tmp_path,
                    env=environment(),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                )
            )
            stack.callback(run.kill)
            return run

        yield start


def environment() -> dict[str, str]:
    """Return an environment with the packages of this one."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def wait_until_answered(journal: Path, n_documents: int) -> int:
    """Return how many answers are in the journal when there are at least so many."""
    end, never = time.monotonic() + WAIT, threading.Event()
    while (n_lines := journal.read_bytes().count(b"\n") if journal.exists() else 0) < n_documents:
        assert time.monotonic() < end
        never.wait(0.005)
    return n_lines


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    assert process.wait(WAIT) == -signal.SIGKILL


def finish(run: "subprocess.Popen[str]") -> str:
    """Return what a run printed that ended well."""
    out, err = run.communicate(timeout=WAIT)
    assert run.returncode == 0, err
    return out


@pytest.fixture
def undisturbed(serve: Serve, start: Start, tmp_path: Path) -> bytes:
    """Return the output of a run to which nothing happens."""
    server = serve(ENOUGH)
    finish(start("undisturbed.parquet"))
    kill(server)
    return (tmp_path / "undisturbed.parquet").read_bytes()


def test_servers_that_are_killed_and_a_run_that_is_killed_lose_and_repeat_nothing(
    serve: Serve, start: Start, undisturbed: bytes, tmp_path: Path
) -> None:
    journal = tmp_path / "out.parquet.partial"
    server, run = serve(60), start("out.parquet")
    answered = wait_until_answered(journal, 20)
    kill(server)
    server = serve(60)
    answered = wait_until_answered(journal, answered + 41)  # more than the first server can have read
    kill(run)
    kill(server)
    server = serve(60)
    run = start("out.parquet", "--resume")
    wait_until_answered(journal, answered + 20)
    kill(server)
    serve(ENOUGH)

    assert f"documents     {N_DOCUMENTS}, " in finish(run)

    ids = pq.read_table(tmp_path / "out.parquet", columns=["id"]).column("id").to_pylist()
    assert ids == [str(number) for number in range(N_DOCUMENTS)]
    assert (tmp_path / "out.parquet").read_bytes() == undisturbed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_what_can_be_resumed_and_one_line(
    serve: Serve, start: Start, undisturbed: bytes, tmp_path: Path, number: signal.Signals
) -> None:
    server, run = serve(60), start("out.parquet")
    wait_until_answered(tmp_path / "out.parquet.partial", 20)

    run.send_signal(number)

    out, err = run.communicate(timeout=WAIT)
    assert (run.returncode, out) == (128 + number, "")
    assert err == "guillemet: interrupted; the answers so far are in out.parquet.partial: --resume goes on\n"
    assert not (tmp_path / "out.parquet").exists()
    kill(server)
    serve(ENOUGH)
    finish(start("out.parquet", "--resume"))
    assert (tmp_path / "out.parquet").read_bytes() == undisturbed


def test_a_full_disk_costs_one_line_and_what_was_written_counts(
    serve: Serve, start: Start, undisturbed: bytes, tmp_path: Path
) -> None:
    serve(ENOUGH)
    run = start("out.parquet", prelude="import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)); ")

    _, err = run.communicate(timeout=WAIT)

    assert run.returncode == 1
    assert err == (
        "guillemet: cannot write out.parquet: File too large; the answers so far are in out.parquet.partial: --resume goes on\n"
    )
    assert (tmp_path / "out.parquet.partial").stat().st_size == 30_000
    finish(start("out.parquet", "--resume"))
    assert (tmp_path / "out.parquet").read_bytes() == undisturbed
