"""The server that is measured: a process of its own."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

_START_SECONDS = 120.0
_BETWEEN_LOOKS_SECONDS = 0.01


class ServerProcess:
    """``guillemet serve`` on a free port of this machine, with what the kernel says of it."""

    def __init__(self, *options: str) -> None:
        """Start it, and wait until it serves.

        Args:
            options: Of the command.

        Raises:
            RuntimeError: It did not start; the message is its own.
        """
        self._log = tempfile.NamedTemporaryFile(prefix="guillemet-bench-", suffix=".log")  # noqa: SIM115 (closed by close)
        began = time.monotonic()
        anywhere = ("--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
        command = [sys.executable, "-m", "guillemet_server", *anywhere, *options]
        self._process = subprocess.Popen(command, stderr=self._log)  # noqa: S603 (our own command)
        self.address, self.metrics_address = self._served_addresses(until=began + _START_SECONDS)
        self.cold_start_seconds = time.monotonic() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def rss_bytes(self) -> int:
        """Memory in use by it and the processes that it started; what they share is counted for each."""
        return int(sum(self._of_each(lambda process: process.memory_info().rss)))

    @property
    def cpu_seconds(self) -> float:
        """Spent since the start, by it and by those processes, the ended ones among them."""
        return sum(self._of_each(lambda process: sum(process.cpu_times()[:4])))

    def check_running(self) -> None:
        """Make sure that it did not end.

        Raises:
            RuntimeError: It did.
        """
        if (status := self._process.poll()) is not None:
            raise RuntimeError(f"the server ended by itself, with {status}")

    def terminate(self) -> None:
        """Let it finish what it has."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> int | None:
        """Return its exit status; None if it still runs then."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _of_each(self, value: Callable[[psutil.Process], float]) -> Iterator[float]:
        """Yield that of the server and of each process that it started and that has not just ended."""
        server = psutil.Process(self._process.pid)
        for process in (server, *server.children()):
            with suppress(psutil.NoSuchProcess):
                yield value(process)

    def _served_addresses(self, *, until: float) -> tuple[str, str]:
        path = Path(self._log.name)
        while time.monotonic() < until:
            ended = self._process.poll() is not None
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.startswith("{") and (said := json.loads(line))["event"] == "serving":
                    return str(said["address"]), str(said["metrics_address"])
            if ended:
                break
            time.sleep(_BETWEEN_LOOKS_SECONDS)
        last = [*path.read_text(encoding="utf-8").splitlines(), "it said nothing"][0]
        self.close()
        raise RuntimeError(f"the server did not start: {last}")
