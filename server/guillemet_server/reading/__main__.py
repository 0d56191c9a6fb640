"""``python -m guillemet_server.reading``: what a `ReaderProcess` runs.

It is sent a model folder and answers with the model's description; then lists of texts, until there is nothing more to come.
"""

import gc
import signal
import sys
from contextlib import suppress
from typing import BinaryIO

from guillemet_models.extractor import Extractor
from guillemet_models.steps import timed_steps
from guillemet_server.inference import WARM_UP
from guillemet_server.reading.messages import Asked, Failed, Read, receive, send


def main() -> None:
    """Read for whoever is at the other end of standard input and output, until it is gone."""
    # Sent to a whole group of processes, they are for the server, which finishes first what is in work here.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # for whatever prints
    with suppress(EOFError):
        try:
            extractor = Extractor.load(receive(requests), threads=1)
            extractor.extract([WARM_UP])
        except Exception as error:  # noqa: BLE001 (the server says so)
            send(Failed(type(error).__name__), answers)
            return
        gc.collect()
        gc.freeze()  # what is here now stays
        send(extractor.description, answers)
        while True:
            send(_read(extractor, requests, answers), answers)


def _read(extractor: Extractor, requests: BinaryIO, answers: BinaryIO) -> Read | Failed:
    def interrupted() -> bool:
        send(Asked(), answers)
        return bool(receive(requests))

    texts = receive(requests)
    try:
        with timed_steps() as steps:
            return Read(extractor.extract(texts, interrupted=interrupted), steps)
    except Exception as error:  # noqa: BLE001 (the next texts may be read well)
        return Failed(type(error).__name__)


if __name__ == "__main__":
    main()
