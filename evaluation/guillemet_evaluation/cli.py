"""``guillemet evaluate``: predictions against gold documents, printed, as JSON or as a page."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from guillemet_client.connecting import Server, asks_a_server, complain, connected, refuse
from guillemet_client.printing import new_console
from guillemet_evaluation.asking import Answers, ask, watched, written
from guillemet_evaluation.comparison import Comparison
from guillemet_evaluation.comparison import compare as compare_systems
from guillemet_evaluation.documents import Document
from guillemet_evaluation.evaluating import RESAMPLES, measure
from guillemet_evaluation.formats import READABLE, Format, read_predictions
from guillemet_evaluation.printing import print_comparison, print_evaluation
from guillemet_evaluation.reading import by_id, read_documents
from guillemet_evaluation.results import Evaluation
from guillemet_evaluation.validation import MOST_LISTED, Fault, InvalidDocuments


def add_commands(app: typer.Typer) -> None:
    """Add ``evaluate``."""
    app.command()(evaluate)


def _path(given: str) -> Path:
    if not given:  # else it would stand for the folder that the command runs in
        raise typer.BadParameter("an empty path; a file is accepted")
    return Path(given)


@asks_a_server
def evaluate(
    gold: Annotated[
        Path, typer.Argument(metavar="GOLD", parser=_path, help="Annotated documents: JSON lines, or a folder of .jsonl.")
    ],
    *,
    server: Server,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", parser=_path, help="Of any system, for the same documents, instead of asking one."),
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="A B", help="Predictions of two systems: how B differs from A.")
    ] = None,
    format: Annotated[
        Format, typer.Option(metavar=f"<{'|'.join(READABLE)}>", help="Of --predictions and --compare.")
    ] = Format.GUILLEMET,
    report: Annotated[
        Path | None, typer.Option(metavar="PAGE", help="Write an HTML page: figures, plots, and every quotation beside gold.")
    ] = None,
    curves: Annotated[
        Path | None, typer.Option(metavar="SVG", help="Draw reliability, and risk over coverage, of each probability.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures and outcomes as JSON.")] = False,
    save_predictions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what the server answers, in the one format.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the FILE of --save-predictions if it is there.")] = False,
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
    if sum(option is not None for option in (server.address, predictions, compare)) > 1:
        refuse("only one of --server, --predictions and --compare is accepted")
    _check_format(format, has_files=predictions is not None or compare is not None)
    if (predictions or compare) and (save_predictions or min_probability is not None):
        refuse("--save-predictions and --min-probability are for a server or the embedded model, not for files")
    _check_written(report, "--report", has_one=compare is None)
    _check_written(curves, "--curves", has_one=compare is None, suffix=".svg")
    read = {"GOLD": gold, "--predictions": predictions}
    _check_apart(read, {"--save-predictions": save_predictions, "--report": report, "--curves": curves})
    _check_replaced(save_predictions, force=force)
    try:
        truths = read_documents(gold, is_gold=True)
        if compare is not None:
            a, b = (_read_predictions(path, format, truths) for path in compare)
            _print_differences(compare_systems(truths, a, b, resamples=resamples, seed=seed), as_json=as_json)
            return
        if predictions is not None:
            answers = Answers(_read_predictions(predictions, format, truths), predictions.name)
        else:
            with connected(server, timeout=60.0, min_probability=min_probability) as client, written(save_predictions) as file:
                answers = ask(client, truths, file)
        evaluation = measure(truths, answers.documents, resamples=resamples, seed=seed, watched=_measuring).evaluation
    except InvalidDocuments as error:
        for sentence in str(error).splitlines():
            complain(sentence)
        raise typer.Exit(2) from error
    _print_json(evaluation.to_json()) if as_json else print_evaluation(evaluation, new_console())
    title = f"{gold.absolute().name}: {answers.system}"
    if report is not None:
        _write_report(evaluation, report, title=title)
    if curves is not None:
        _write_curves(evaluation, curves, title=title)
    if not answers.is_whole:
        raise typer.Exit(1)


def _check_format(format: Format, *, has_files: bool) -> None:
    if format not in READABLE:
        refuse(f"--format {format} is only written; {', '.join(READABLE)} are accepted")
    if format is not Format.GUILLEMET and not has_files:
        refuse("--format is for --predictions or --compare")


def _check_written(path: Path | None, name: str, *, has_one: bool, suffix: str = "") -> None:
    if path is not None and not has_one:
        refuse(f"{name} is of one system, not of --compare")
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        refuse(f"{name}: {path} cannot be written; a file in a folder that exists is accepted")
    if path is not None and not path.name.endswith(suffix):
        refuse(f"{name}: {path} is no {suffix}, and nothing else is written")


def _check_replaced(path: Path | None, *, force: bool) -> None:
    """Refuse to replace a file that may have been meant for --predictions; a terminal or a pipe holds nothing to lose."""
    if path is not None and path.is_file() and not force:
        refuse(f"--save-predictions: {path} exists; --force replaces it, --predictions reads it")


def _check_apart(read: Mapping[str, Path | None], written: Mapping[str, Path | None]) -> None:
    """Refuse to write what is read, be it in a folder, or two things into one file: annotations are dear."""
    taken: dict[Path, str] = {}
    below = [(name, file) for name, path in read.items() if path is not None for file in path.rglob("*.jsonl")]
    for name, path in (*read.items(), *below, *written.items()):
        if path is not None and (other := taken.setdefault(path.resolve(), name)) != name and name in written:
            refuse(f"{name}: {path} is {other}, too; another file is accepted")


def _read_predictions(path: Path, format: Format, truths: Sequence[Document]) -> tuple[Document, ...]:
    """Return the predictions of a file; words that have no place in their text are said."""
    unplaced: list[Fault] = []
    documents = read_predictions(path, format, truths, unplaced=unplaced)
    for fault in unplaced[:MOST_LISTED]:
        complain(f"{path}: unplaced: {fault}")
    if len(unplaced) > MOST_LISTED:
        complain(f"{path}: unplaced: and {len(unplaced) - MOST_LISTED:,} more")
    by_id(documents, truths, name=str(path))
    return documents


def _measuring(truths: Sequence[Document]) -> Iterable[Document]:
    return watched(truths, len(truths), "measuring")


def _write_report(evaluation: Evaluation, path: Path, *, title: str) -> None:
    from guillemet_evaluation.report import write_report  # noqa: PLC0415 (what it needs is loaded for it alone)

    with _said_if_unwritten(path):
        write_report(evaluation, path, title=title)


def _write_curves(evaluation: Evaluation, path: Path, *, title: str) -> None:
    from guillemet_evaluation.report import write_curves  # noqa: PLC0415

    if not evaluation.calibration:
        complain(f"{path} is not written: no prediction states a probability")
        raise typer.Exit(1)
    with _said_if_unwritten(path):
        write_curves(evaluation.calibration, path, title=title)


@contextmanager
def _said_if_unwritten(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        complain(f"{path} cannot be written ({error.strerror})")
        raise typer.Exit(1) from error


def _print_differences(comparison: Comparison, *, as_json: bool) -> None:
    _print_json(comparison.to_json()) if as_json else print_comparison(comparison, new_console())


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(value, ensure_ascii=False, indent=1)}\n")
