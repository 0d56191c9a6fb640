"""What reads gives way: answering callers takes little of a CPU, and reading all of it."""

import os
import sys
import threading
from contextlib import suppress

# The event loop waits for a thread of its process while that runs Python: it may not give way as far as a process.
_THREADS, _PROCESSES = 10, 19


def let_this_thread_yield() -> None:
    """Let the event loop, and other processes, go before this thread and those that it starts."""
    if sys.platform == "linux":  # where each thread has a niceness
        _yield(threading.get_native_id(), _THREADS)


def let_this_process_yield() -> None:
    """Let all other processes go before this one, the server's first: what they do beside it is waited for."""
    if sys.platform != "win32":
        _yield(0, _PROCESSES)


def _yield(which: int, least: int) -> None:
    # What it was started with may be more already, and only the privileged may take less.
    with suppress(OSError):  # forbidden
        os.setpriority(os.PRIO_PROCESS, which, max(least, os.getpriority(os.PRIO_PROCESS, which)))
