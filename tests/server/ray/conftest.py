"""A cluster of one machine: with the extra `ray`, which `make ray` installs."""

import os
import socket
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("ray"):  # else the tests say that they are skipped
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own, as it is imported
        import ray
        import ray.data
        import ray.serve


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """Run Ray with as many CPUs as two replicas, two actors and their proxies are said to need, however many there are."""
    # On a busy machine Ray's own processes take their time.
    os.environ |= {
        "RAY_AUTH_MODE": "disabled",
        "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_raylet_start_wait_time_s": "300",
    }
    ray.init(num_cpus=4, include_dashboard=False, object_store_memory=128 * 2**20, logging_level="error", log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def processes() -> Callable[[str], list[int]]:
    """Return a function that finds the processes of this user whose title, which Ray sets, begins with the words given."""

    def find(title: str) -> list[int]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if path.read_text(encoding="utf-8").startswith(title):
                    found.append(int(path.parent.name))
            except (OSError, UnicodeDecodeError):  # gone meanwhile, or none of ours
                continue
        return found

    return find


@pytest.fixture(scope="session")
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
