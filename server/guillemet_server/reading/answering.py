"""What a process that reads does: it loads a model folder that it is sent, then reads lists of texts, until no more come."""

import gc
import os
import sys
from contextlib import suppress
from typing import BinaryIO

from guillemet_models.extractor import Extractor
from guillemet_models.steps import timed_steps
from guillemet_server import __version__
from guillemet_server.reading.messages import Asked, Failed, Loaded, Read, receive, send
from guillemet_server.yielding import let_this_process_yield


def main() -> None:
    """Read for whoever is at the other end of standard input and output, until it is gone."""
    let_this_process_yield()
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # for whatever prints
    with suppress(EOFError):
        try:
            extractor = Extractor.load(receive(requests), threads=1)
            extractor.warm_up()
        except Exception as error:  # noqa: BLE001 (the server says so)
            send(Failed(type(error).__name__), answers)
            return
        gc.collect()
        gc.freeze()  # what is here now stays
        send(Loaded(__version__, extractor.settings), answers)
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
