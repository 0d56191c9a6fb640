"""What control groups grant, from copies of the files in which Linux says so."""

import os
from pathlib import Path

import pytest

from guillemet_models.cpus import usable_cpus

CPUS = len(os.sched_getaffinity(0))


def linux(root: Path, membership: str, **contents: str) -> Path:
    """Write the files of control groups below `root`."""
    files = {"proc/self/cgroup": membership} | {f"sys/fs/cgroup/{name}": content for name, content in contents.items()}
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


def test_without_a_limit_every_cpu_of_the_process_counts(tmp_path: Path) -> None:
    assert usable_cpus(linux(tmp_path, "0::/slice", **{"slice/cpu.max": "max 100000"})) == CPUS
    assert usable_cpus(tmp_path / "no linux") == CPUS


@pytest.mark.skipif(CPUS < 2, reason="one CPU is the least")
@pytest.mark.parametrize(
    ("membership", "contents"),
    [
        ("0::/", {"cpu.max": "100000 100000"}),
        ("0::/slice/unit", {"slice/unit/cpu.max": "50000 100000"}),
        ("0::/slice/unit", {"slice/unit/cpu.max": "max 100000", "slice/cpu.max": "90000 100000"}),
        ("1:name=systemd:/\n0::/", {"cpu.max": "100000 100000"}),
        ("4:cpu,cpuacct:/docker/1", {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}),
        ("4:cpu:/docker/1", {"cpu/docker/1/cpu.cfs_quota_us": "20000", "cpu/docker/1/cpu.cfs_period_us": "100000"}),
    ],
    ids=["container", "own", "outer", "hybrid", "version 1, container", "version 1, own"],
)
def test_a_quota_of_one_cpu_or_less_leaves_one(tmp_path: Path, membership: str, contents: dict[str, str]) -> None:
    assert usable_cpus(linux(tmp_path, membership, **contents)) == 1


@pytest.mark.skipif(CPUS < 2, reason="one CPU is the least")
def test_a_quota_counts_as_the_cpus_that_it_keeps_busy(tmp_path: Path) -> None:
    assert usable_cpus(linux(tmp_path, "0::/", **{"cpu.max": "150000 100000"})) == 2
