"""``guillemet evaluate``: predictions against gold documents, printed or as JSON."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import track

from guillemet_client import Client, GuillemetError
from guillemet_client.connecting import Server, complain, connected, refuse, sentence_of
from guillemet_client.printing import new_console, shown
from guillemet_evaluation.comparison import compare as compare_systems
from guillemet_evaluation.documents import Document
from guillemet_evaluation.evaluating import RESAMPLES, measure
from guillemet_evaluation.formats import READABLE, Format, read
from guillemet_evaluation.printing import print_comparison, print_evaluation
from guillemet_evaluation.reading import by_id, read_documents
from guillemet_evaluation.validation import Fault, InvalidDocuments

_Element = TypeVar("_Element")


def add_commands(app: typer.Typer) -> None:
    """Add ``evaluate``."""
    app.command()(evaluate)


def evaluate(
    gold: Annotated[Path, typer.Argument(metavar="GOLD", help="Annotated documents, JSON lines of the one format.")],
    *,
    server: Server = None,
    predictions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of any system, for the same documents, instead of asking one.")
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="A B", help="Predictions of two systems: how B differs from A.")
    ] = None,
    format: Annotated[Format, typer.Option(help="Of --predictions and --compare.")] = Format.GUILLEMET,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures and outcomes as JSON.")] = False,
    save_predictions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what the server answers, in the one format.")
    ] = None,
    min_probability: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="The server is to leave out what is less probable.  [default: the model's own thresholds]"
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=1, help="Of the bootstrap.")] = RESAMPLES,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
) -> None:
    """Measure how well quotations are found and attributed, with intervals: by the embedded model or any other system."""
    if sum(option is not None for option in (server, predictions, compare)) > 1:
        refuse("only one of --server, --predictions and --compare is accepted")
    is_asked = predictions is None and compare is None
    if not is_asked and (save_predictions or min_probability is not None):
        refuse("--save-predictions and --min-probability are for a server or the embedded model, not for files")
    if (is_asked and format is not Format.GUILLEMET) or format not in READABLE:
        refuse(f"--format {format} is for nothing that is read; it is of --predictions or --compare: {', '.join(READABLE)}")
    answers: Sequence[Document]
    try:
        truths = read_documents(gold, is_gold=True)
        if compare is not None:
            a, b = (_read_predictions(path, format, truths) for path in compare)
            comparison = compare_systems(truths, a, b, resamples=resamples, seed=seed)
            _print_json(comparison.to_json()) if as_json else print_comparison(comparison, new_console())
            return
        if predictions is not None:
            answers, failed = _read_predictions(predictions, format, truths), False
        else:
            with connected(server, timeout=None, min_probability=min_probability) as client, _writer(save_predictions) as file:
                answers, failed = _asked(client, truths, file)
        evaluation = measure(truths, answers, resamples=resamples, seed=seed, watched=_measuring).evaluation
    except InvalidDocuments as error:
        for sentence in str(error).splitlines():
            complain(sentence)
        raise typer.Exit(2) from error
    _print_json(evaluation.to_json()) if as_json else print_evaluation(evaluation, new_console())
    if failed:
        raise typer.Exit(1)


def _read_predictions(path: Path, format: Format, truths: Sequence[Document]) -> tuple[Document, ...]:
    """Return the predictions of a file; words of another format that have no place in their text are said and left out."""
    left_out: list[Fault] = []
    documents = read(path, format, {truth.id: truth.text for truth in truths}, left_out=left_out)
    for fault in left_out:
        complain(f"{path}: left out: {fault}")
    by_id(documents, truths, name=str(path))
    return documents


def _asked(client: Client, truths: Sequence[Document], file: TextIO | None) -> tuple[list[Document], bool]:
    """Return what a server answers, written to `file` as it comes, and whether it failed on a document."""
    answers: list[Document] = []
    try:
        outcomes = client.extract_iter([truth.text for truth in truths], errors="return")
        for truth, outcome in zip(truths, _watched(outcomes, len(truths), "asking"), strict=True):
            if isinstance(outcome, GuillemetError):
                complain(f"document {shown(truth.id)}: {sentence_of(outcome)}")
                continue
            answers.append(Document.from_json(dataclasses.replace(outcome, id=truth.id).to_json()))
            if file is not None:
                file.write(f"{json.dumps(answers[-1].to_json(), ensure_ascii=False)}\n")
    except GuillemetError as error:
        complain(sentence_of(error))
        raise typer.Exit(1) from error
    return answers, len(answers) < len(truths)


@contextmanager
def _writer(path: Path | None) -> Iterator[TextIO | None]:
    """Open a file, before hours of work are found to go nowhere."""
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        refuse(f"--save-predictions: {path} cannot be written ({error.strerror})")
    with file:
        yield file


def _measuring(truths: Sequence[Document]) -> Iterable[Document]:
    return _watched(truths, len(truths), "measuring")


def _watched(elements: Iterable[_Element], total: int, doing: str) -> Iterable[_Element]:
    """Yield the elements, with a bar on standard error if that is a terminal."""
    console = Console(stderr=True)
    return track(elements, doing, total, console=console, transient=True, disable=not console.is_terminal)


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(value, ensure_ascii=False, indent=1)}\n")
