"""Gold documents -> the predictions of a server, watched and written as they come."""

import dataclasses
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import track

from guillemet_client import Client, GuillemetError
from guillemet_client.connecting import complain, refuse, sentence_of
from guillemet_client.printing import shown
from guillemet_evaluation.documents import Document

_Element = TypeVar("_Element")


class Answers(NamedTuple):
    """The predictions of a system."""

    documents: Sequence[Document]
    system: str
    """Its name."""
    is_whole: bool = True
    """False: it failed on a document."""


def ask(client: Client, truths: Sequence[Document], file: TextIO | None) -> Answers:
    """Return what a server answers, written to `file` as it comes."""
    answers: list[Document] = []
    try:
        # Says at once, where the stream would be patient, that there is no server.
        model = client.get_model()
        outcomes = client.extract_iter([truth.text for truth in truths], errors="return")
        for truth, outcome in zip(truths, watched(outcomes, len(truths), "asking"), strict=True):
            if isinstance(outcome, GuillemetError):
                complain(f"document {shown(truth.id)}: {sentence_of(outcome)}")
                continue
            answers.append(Document.from_json(dataclasses.replace(outcome, id=truth.id).to_json()))
            if file is not None:
                file.write(f"{json.dumps(answers[-1].to_json(), ensure_ascii=False)}\n")
    except GuillemetError as error:
        complain(sentence_of(error))
        raise typer.Exit(1) from error
    return Answers(answers, f"{model.name} {model.version}", is_whole=len(answers) == len(truths))


@contextmanager
def written(path: Path | None) -> Iterator[TextIO | None]:
    """Open a file, before hours of work are found to go nowhere; what is there is replaced when the block ends well."""
    if path is None:
        yield None
        return
    target = Path(os.path.realpath(path))
    # A terminal or a pipe holds nothing to lose.
    beside = target.with_name(f"{target.name}.partial") if target.is_file() or not target.exists() else target
    try:
        file = beside.open("w", encoding="utf-8", newline="")
    except OSError as error:
        refuse(f"--save-predictions: {path} cannot be written ({error.strerror})")
    try:
        with file:
            yield file
    except BaseException:
        if beside.is_file() and not beside.stat().st_size:
            beside.unlink()
        elif beside != target:
            complain(f"what was answered is in {beside}")
        raise
    if beside != target:
        beside.replace(target)


def watched(elements: Iterable[_Element], total: int, doing: str) -> Iterable[_Element]:
    """Yield the elements, with a bar on standard error if that is a terminal."""
    console = Console(stderr=True)
    return track(elements, doing, total, console=console, transient=True, disable=not console.is_terminal)
