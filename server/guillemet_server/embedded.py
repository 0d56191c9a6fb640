"""A server inside the caller's process, for commands that were given no address."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guillemet_server.background import background_server
from guillemet_server.config import ServerConfig
from guillemet_server.logs import json_logger

# Whoever leaves the block has its answers; what is still in work then is wanted by nobody.
_DRAIN_SECONDS = 1.0
# A second of each CPU is what they take to begin, and an eighth of the time, or more, what they save.
_READER_PROCESSES_AFTER = 5.0


@contextmanager
def embedded_server(model: Path | None = None) -> Iterator[str]:
    """Run a server on a socket that only this user can open, and yield its address.

    Args:
        model: A model folder. None: the embedded model.

    Raises:
        StartError: It cannot start; the message says why.
    """
    # mkdtemp gives the folder mode 0700.
    with tempfile.TemporaryDirectory(prefix="guillemet-") as folder:
        config = ServerConfig(
            listen=f"unix:{folder}/server.sock",
            model=model,
            reader_processes_after=_READER_PROCESSES_AFTER,
            reflection=False,
            drain_seconds=_DRAIN_SECONDS,
        )
        with background_server(config, log=json_logger("error")) as running:
            yield running.address
