"""A cluster of one machine: with the extra `ray`, which `make ray` installs."""

import os
import socket
from collections.abc import Iterator

import pytest

pytest.importorskip("ray", reason="the extra ray is not installed: make ray")

import ray


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """Run Ray with as many CPUs as two replicas, two actors and their proxies are said to need, however many there are."""
    # On a busy machine Ray's own processes take their time.
    os.environ |= {
        "RAY_AUTH_MODE": "disabled",
        "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_raylet_start_wait_time_s": "300",
        "RAY_worker_niceness": "0",
    }
    ray.init(num_cpus=4, include_dashboard=False, object_store_memory=128 * 2**20, logging_level="error", log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="session")
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
