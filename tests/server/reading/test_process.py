"""A process that reads, with the embedded model: what it answers, how it dies, how it ends."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from guillemet_models.extractor import Extractor, Interrupted
from guillemet_models.steps import timed_steps
from guillemet_server.logs import json_logger
from guillemet_server.reading.process import ReaderDiedError, ReaderProcess, ReadingFailedError

if TYPE_CHECKING:
    Start = Callable[..., "Watched"]

TEXT = "« Nous serons prêts », a déclaré mardi Élisabeth Borne, ministre du Travail."
OTHER = "Selon Paul Martin, « tout est perdu »."
WAIT = 60.0


class Watched(ReaderProcess):
    """Waits until it is ready, and shows what was logged."""

    log: io.StringIO

    @property
    def lines(self) -> list[dict[str, object]]:
        """Return what was logged."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def begun(self) -> bool:
        """Return whether it is ready, once that is known."""
        self.account(0.0)
        self.wait()
        return self.is_ready

    def kill(self) -> bool:
        """Kill the process. False: nobody is interrupted."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGKILL)
        return False


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return Extractor.load()


@pytest.fixture
def start(extractor: Extractor) -> "Iterator[Start]":
    readers: list[Watched] = []

    def started(model: Path | None = None, *, after_seconds: float = 0.0, **settings: object) -> Watched:
        log = io.StringIO()
        expected = replace(extractor.settings, **settings)
        reader = Watched(model, expected, after_seconds=after_seconds, log=json_logger("info", log))
        reader.log = log
        readers.append(reader)
        return reader

    yield started
    for reader in readers:
        reader.close()


def never() -> bool:
    return False


def test_it_answers_as_the_model_does_here_and_says_how_long_each_step_took(start: "Start", extractor: Extractor) -> None:
    reader = start()
    assert not reader.is_ready
    assert reader.begun()

    with timed_steps() as steps:
        found = reader.extract([TEXT, OTHER], interrupted=never)

    assert found == extractor.extract([TEXT, OTHER])
    assert found[0].quotations
    assert [step.name for step in steps] == ["tokenize", "infer", "decode"]
    assert reader.lines == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no niceness")
def test_it_gives_way_to_whatever_answers_callers(start: "Start") -> None:
    reader = start()
    assert reader.begun()
    assert reader.pid is not None

    assert os.getpriority(os.PRIO_PROCESS, reader.pid) == 19


def test_it_breaks_off_what_nobody_wants_and_reads_the_next(start: "Start") -> None:
    reader = start()
    assert reader.begun()

    with pytest.raises(Interrupted):
        reader.extract([TEXT], interrupted=lambda: True)

    assert reader.extract([OTHER], interrupted=never)[0].text == OTHER
    assert reader.deaths == 0


def test_what_the_model_fails_with_is_a_failure_of_these_texts_only(start: "Start") -> None:
    reader = start()
    assert reader.begun()

    with pytest.raises(ReadingFailedError):
        reader.extract([7], interrupted=never)

    assert reader.extract([TEXT], interrupted=never)[0].text == TEXT
    assert reader.deaths == 0
    [line] = reader.lines
    assert (line["level"], line["exception"]) == ("warning", "TypeError")


def test_texts_that_a_process_died_with_are_read_by_the_next(start: "Start", extractor: Extractor) -> None:
    reader = start()
    assert reader.begun()
    first = reader.pid
    kill = iter([reader.kill])

    def once() -> bool:
        return next(kill, never)()

    found = reader.extract([TEXT], interrupted=once)

    assert found == extractor.extract([TEXT])
    assert reader.pid not in (None, first)
    assert reader.deaths == 1
    assert [(line["event"], line["status"]) for line in reader.lines] == [("a reading process died", -signal.SIGKILL)]


def test_texts_that_two_processes_died_with_are_given_up_and_others_are_not(start: "Start") -> None:
    reader = start()
    assert reader.begun()

    with pytest.raises(ReaderDiedError):
        reader.extract([TEXT], interrupted=reader.kill)

    assert reader.deaths == 2
    assert reader.extract([OTHER], interrupted=never)[0].text == OTHER


def test_one_that_died_while_nothing_was_read_is_replaced(start: "Start") -> None:
    reader = start()
    assert reader.begun()
    reader.kill()

    assert reader.extract([TEXT], interrupted=never)[0].text == TEXT
    assert reader.deaths == 1


def test_a_model_that_is_not_there_is_not_read_with(start: "Start", tmp_path: Path) -> None:
    reader = start(model=tmp_path)

    assert not reader.begun()
    assert reader.pid is None
    [line] = reader.lines
    assert (line["level"], line["why"]) == ("warning", "it cannot load the model: ModelFileError")


@pytest.mark.parametrize("other", [{"version": "0.0.1"}, {"calibration": {}}, {"sha256": {}}])
def test_another_model_than_the_servers_is_not_read_with(start: "Start", other: dict[str, object]) -> None:
    reader = start(**other)

    assert not reader.begun()
    [line] = reader.lines
    assert line["why"] == "the model folder, or Guillemet itself, is another by now"


def test_another_guillemet_than_the_servers_is_not_read_with(start: "Start", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guillemet_server.reading.process.__version__", "0.0.1")
    reader = start()

    assert not reader.begun()
    [line] = reader.lines
    assert line["why"] == "the model folder, or Guillemet itself, is another by now"


def test_it_begins_when_it_is_worth_that_and_after_a_failure_much_later(start: "Start", tmp_path: Path) -> None:
    reader = start(tmp_path, after_seconds=5.0)
    reader.account(4.0)
    reader.wait()
    assert reader.lines == []

    reader.account(2.0)
    reader.wait()
    assert (len(reader.lines), reader.deaths) == (1, 1)

    reader.account(59.0)
    reader.wait()
    assert len(reader.lines) == 1

    reader.account(2.0)
    reader.wait()
    assert len(reader.lines) == 2


@pytest.mark.parametrize("python", ["/nowhere/python", None])
def test_where_no_process_can_be_had_that_is_said(start: "Start", monkeypatch: pytest.MonkeyPatch, python: str | None) -> None:
    reader = start()
    monkeypatch.setattr(sys, "executable", python)

    assert not reader.begun()
    [line] = reader.lines
    assert str(line["why"]).startswith("it cannot be started: ")


def test_one_whose_place_cannot_be_taken_gives_its_texts_back(start: "Start", monkeypatch: pytest.MonkeyPatch) -> None:
    reader = start()
    assert reader.begun()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(ReadingFailedError):
        reader.extract([TEXT], interrupted=reader.kill)

    assert not reader.is_ready
    assert reader.deaths == 2


def test_signals_to_all_processes_of_a_server_are_the_servers_from_the_start(start: "Start") -> None:
    reader = start()
    process = begun(reader)
    while not ignores(process, signal.SIGTERM, signal.SIGINT):
        assert not reader.is_ready
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)

    assert reader.begun()
    assert os.getpgid(process.pid) != os.getpgid(0), "Ctrl-C is sent to a group"
    assert reader.extract([TEXT], interrupted=never)[0].text == TEXT
    assert reader.deaths == 0


def begun(reader: ReaderProcess) -> psutil.Process:
    """Return the process that loads the model."""
    reader.account(0.0)
    while (process := reader._process) is None:  # noqa: SLF001 (nobody else knows it before it is ready)
        time.sleep(0.001)
    return psutil.Process(process.pid)


def ignores(process: psutil.Process, *numbers: signal.Signals) -> bool:
    """Return whether the kernel keeps these signals from it."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    ignored = int(status.split("SigIgn:")[1].split()[0], 16)
    return all(ignored & 1 << number - 1 for number in numbers)


def test_what_is_printed_there_is_no_answer(start: "Start") -> None:
    reader = start()
    assert reader.begun()

    opened = Path(f"/proc/{reader.pid}/fd")
    assert (opened / "1").readlink() == (opened / "2").readlink()


def test_closed_it_is_gone_whatever_it_reads(start: "Start") -> None:
    reader = start()
    assert reader.begun()
    assert reader.pid is not None
    process = psutil.Process(reader.pid)

    def close() -> bool:
        closing = threading.Thread(target=reader.close)
        closing.start()
        closing.join(WAIT)
        return False

    with pytest.raises(Interrupted):
        reader.extract([TEXT], interrupted=close)

    assert not process.is_running()
    assert reader.deaths == 0
    assert reader.lines == []


def test_closed_while_it_loads_it_is_gone_too(start: "Start") -> None:
    reader = start()
    process = begun(reader)
    reader.close()

    assert not reader.begun()
    assert reader.lines == []
    assert not process.is_running()


def test_closed_before_it_begins_it_never_does(start: "Start") -> None:
    reader = start()
    reader.close()

    assert not reader.begun()
    assert reader._process is None  # noqa: SLF001 (nobody else knows)


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = """
import os, signal
from guillemet_models.extractor import Extractor
from guillemet_server.logs import json_logger
from guillemet_server.reading.process import ReaderProcess
reader = ReaderProcess(None, Extractor.load().settings, after_seconds=0.0, log=json_logger("info"))
reader.account(0.0)
reader.wait()
print(reader.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    file = tmp_path / "program.py"
    file.write_text(program, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    done = subprocess.run([sys.executable, file], stdout=subprocess.PIPE, text=True, timeout=WAIT, check=False, env=environment)

    assert done.returncode == -signal.SIGKILL
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(WAIT)
