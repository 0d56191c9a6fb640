"""Ask a real server about an article: start one, wait until it is ready, print who said what, stop it.

python examples/demo.py [FILE]
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guillemet_client import Client, GuillemetError
from guillemet_client.printing import print_document

ARTICLE = Path(__file__).with_name("article.txt")


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server on a free port, yield its address, and leave no process behind whatever happens."""
    command = [sys.executable, "-m", "guillemet_server", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as process:  # noqa: S603 (our own)
        try:
            yield address_of(process)
        finally:
            process.terminate()
            try:
                process.wait(timeout=40)  # longer than the server may take to finish what it has
            except subprocess.TimeoutExpired:
                process.kill()


def address_of(process: subprocess.Popen[str]) -> str:
    """Return where the server listens; it says so, in one line of JSON, when it is ready."""
    said: list[str] = []
    for line in process.stderr or ():
        said.append(line)
        try:
            return str(json.loads(line)["address"])
        except (ValueError, KeyError, TypeError):
            continue
    raise SystemExit(f"the server did not start:\n{''.join(said)}")


def text_of(path: Path) -> str:
    """Return the text of a file, every character as it is."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise SystemExit(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SystemExit(f"{path} is not UTF-8 (byte {error.start:,})") from error


def main() -> None:
    """Print the attributions of the article, or of the file that is named."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ARTICLE
    text = text_of(path)
    with running_server() as address, Client(address) as client:
        try:
            print_document(client.extract(text))
        except GuillemetError as error:
            raise SystemExit(f"{path}: {error}") from error


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by default it would leave the server behind
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
