"""Executions counted and timed; what they find is kept."""

import hashlib
import json
import statistics
import time
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path

_CHECKPOINT_EXECUTIONS = 100
_REMEMBERED = 501  # times of executions of like length
_HANG_FACTOR = 10.0
_TRIES = 3


class Campaign:
    """Runs a target again and again.

    Args:
        target: Takes bytes, returns the length of what it made of them, raises what is a finding.
        findings: Folder; each finding becomes a file of its bytes.
        checkpoint: File; how many ran, written every so often. What is there is counted on from.
        alive: Called every so often; raises if nothing works any more.
        least_hang_seconds: Below it, a busy machine and the collector of garbage look alike.
    """

    def __init__(
        self,
        target: Callable[[bytes], int],
        findings: Path,
        checkpoint: Path,
        *,
        alive: Callable[[], None] = lambda: None,
        least_hang_seconds: float = 1.0,
    ) -> None:
        self._target = target
        self._least_hang_seconds = least_hang_seconds
        self._alive = alive
        self._findings = findings
        self._checkpoint = checkpoint
        self._times: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=_REMEMBERED))
        self.executions = 0
        self.found: dict[str, int] = {}
        findings.mkdir(parents=True, exist_ok=True)
        if checkpoint.exists():
            kept = json.loads(checkpoint.read_text(encoding="utf-8"))
            self.executions, self.found = kept["executions"], kept["findings"]

    def run(self, data: bytes) -> None:
        """Execute the target once."""
        self.executions += 1
        try:
            length, seconds = self._timed(data)
            self._check_time(data, length, seconds)
        except Exception as error:  # noqa: BLE001 (a finding, whatever it is)
            self._keep(data, error)
        if self.executions % _CHECKPOINT_EXECUTIONS == 0:
            self._alive()
            self.save()

    def save(self) -> None:
        """Write how many ran, and what was found how often."""
        written = self._checkpoint.with_suffix(".new")
        written.write_text(json.dumps({"executions": self.executions, "findings": self.found}, indent=1), encoding="utf-8")
        written.replace(self._checkpoint)

    def _timed(self, data: bytes) -> tuple[int, float]:
        started = time.process_time()
        length = self._target(data)
        return length, time.process_time() - started

    def _check_time(self, data: bytes, length: int, seconds: float) -> None:
        """Raise if the execution took far longer than those of its length, each time it is tried."""
        times = self._times[length.bit_length()]
        if len(times) > _REMEMBERED // 5:
            most = max(self._least_hang_seconds, _HANG_FACTOR * statistics.median(times))
            if seconds > most and min(self._timed(data)[1] for _ in range(_TRIES)) > most:
                raise TimeoutError(f"{seconds:.1f} s; others of about {length} take {statistics.median(times):.3f}")
        times.append(seconds)

    def _keep(self, data: bytes, error: Exception) -> None:
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        where = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else "?"
        name = f"{type(error).__name__} {where}"
        self.found[name] = self.found.get(name, 0) + 1
        if self.found[name] == 1:
            (self._findings / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
            print(f"{name}: {error}"[:500], flush=True)  # noqa: T201 (a program's)
        self.save()
