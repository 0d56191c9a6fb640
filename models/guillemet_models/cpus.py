"""How many CPUs this process has, and what they can do. Standard library only: commands ask before they load anything."""

import os
from collections.abc import Iterator
from math import ceil
from pathlib import Path


def usable_cpus(root: Path = Path("/")) -> int:
    """Return how many CPUs this process may keep busy: its affinity, and the quotas of its control groups.

    Args:
        root: Of the file system.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([affinity, *map(ceil, _quotas(root))]))


def cpu_flags() -> frozenset[str]:
    """Return the words by which Linux names the instructions of the CPU; none elsewhere."""
    try:
        return frozenset(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return frozenset()


def _quotas(root: Path) -> Iterator[float]:
    """Yield the CPUs that each control group around this process grants; none where there is no limit, or no Linux."""
    mounted = root / "sys/fs/cgroup"
    try:
        memberships = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        memberships = []
    for _, controllers, path in (line.split(":", 2) for line in memberships):
        # Version 2 has one tree, version 1 a tree for each controller.
        if not controllers:
            for group in _upwards(mounted, path):
                yield from _granted(_words(group / "cpu.max"))
        elif "cpu" in controllers.split(","):
            for group in _upwards(mounted / "cpu", path):
                yield from _granted(_words(group / "cpu.cfs_quota_us") + _words(group / "cpu.cfs_period_us"))


def _upwards(top: Path, path: str) -> list[Path]:
    """Return the folders of a control group and of those around it. In a container the innermost one is mounted as the top."""
    group = top / path.lstrip("/")
    return [folder for folder in (group, *group.parents) if folder == top or top in folder.parents]


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except OSError:
        return []


def _granted(words: list[str]) -> Iterator[float]:
    """Yield quota / period, unless there is none: "max" in version 2, -1 in version 1."""
    if len(words) == 2 and words[0] not in ("max", "-1"):
        yield int(words[0]) / int(words[1])
