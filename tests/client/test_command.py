import signal
import subprocess
import sys

import pytest

# Ctrl-C comes when the first of the large libraries is looked for.
PROGRAM = """
import os, signal, sys

class Finder:
    @staticmethod
    def find_spec(name, path, target=None):
        if name == "grpc":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.{handler})
sys.meta_path.insert(0, Finder)
sys.argv[1:] = ["--version"]
from guillemet_command import main
main()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.mark.parametrize(("handler", "code"), [("default_int_handler", -signal.SIGINT), ("SIG_IGN", 0)])
def test_an_interruption_while_the_command_is_loaded_leaves_no_traceback(handler: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(handler=handler)], capture_output=True, text=True, timeout=300, check=False
    )

    assert (done.returncode, done.stderr) == (code, "")
