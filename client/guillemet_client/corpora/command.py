"""``guillemet batch``: a whole corpus, which no interruption undoes."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from guillemet_client._errors import GuillemetError
from guillemet_client.connecting import Server, asks_a_server, complain, connected, refuse, sentence_of
from guillemet_client.corpora.failures import Failures
from guillemet_client.corpora.inputs import Input, Kind, UnusableInput, find_inputs
from guillemet_client.corpora.interruption import Interrupted, Interruption
from guillemet_client.corpora.journal import Journal, JournalInUse, UnusableOutput
from guillemet_client.corpora.outputs import Format, Output
from guillemet_client.corpora.progress import shown_bar
from guillemet_client.corpora.reading import check_columns, read_documents
from guillemet_client.corpora.running import Run
from guillemet_client.corpora.tables import Columns, WrongColumn
from guillemet_client.corpora.tally import Tally
from guillemet_client.printing import shown


@asks_a_server
def batch(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Files (.txt: a document each; .jsonl, .csv, .tsv, .parquet: a document a row), compressed or not; folders; "
            "patterns; - is the standard input, of JSON lines.",
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="OUT", help="OUT.jsonl, OUT.parquet: a document a row; OUT.csv: a quotation a row."
        ),
    ],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what is there: ask only about documents without an answer.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write anew what is there.")] = False,
    text_column: Annotated[str, typer.Option(metavar="NAME", help="Of tables: where the text stands.")] = "text",
    id_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of tables: where the id stands.  [default: id; without one, FILE:ROW]")
    ] = None,
    input_format: Annotated[Kind | None, typer.Option(help="Of all inputs.  [default: as their names say]")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Read the first N documents only.")] = None,
    server: Server,
    min_probability: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Leave out what is less probable.  [default: the model's own thresholds]"),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, metavar="N", help="Documents in work at a time.")] = 64,
    patience: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for a server that went away or is overloaded.")
    ] = 300.0,
) -> None:
    """Attribute the quotations of a corpus. Whatever interrupts it, --resume goes on.

    Until all is done the answers stand in OUT.partial. Documents that have none are in OUT.failures.jsonl, with the reason.
    """
    target = _output(output, resume=resume, force=force)
    columns = Columns(text=text_column, id=id_column)
    sources = _sources(inputs, input_format, columns, target)
    interruption, tally = Interruption(), Tally()
    with ExitStack() as stack:
        stack.enter_context(_explained(target, server))
        if not resume and not force:
            _refuse_what_is_there(target)
        stack.enter_context(interruption.handled())
        client = stack.enter_context(connected(server, min_probability=min_probability))
        interruption.ends(client.close)
        client.get_model()  # nobody there: said at once, and not when patience ends
        journal = stack.enter_context(closing(Journal(target.partial)))
        if force:
            journal.clear()
        elif journal.is_empty and target.path.exists():
            with interruption.raising():
                journal.seed(target.documents())
        failures = stack.enter_context(closing(Failures(target.failures)))
        with shown_bar(sum(source.n_bytes for source in sources)) as bar:
            documents = islice(read_documents(sources, columns), limit)
            run = Run(journal, failures, tally, bar, interruption)
            run.answer(documents, client, concurrency=concurrency, patience=patience)
        with interruption.raising():
            target.publish(journal)
    _print_summary(tally, failures)
    if failures.count:
        raise typer.Exit(1)


def _output(path: Path, *, resume: bool, force: bool) -> Output:
    """Return what is to be written, if it may be."""
    if resume and force:
        refuse("--resume goes on with what is there, --force writes it anew: only one of them is accepted")
    try:
        output = Output(path)
    except ValueError:
        refuse(f"--output: {path} ends in none of {', '.join(f'.{each}' for each in Format)}")
    path = output.path
    if output.format is Format.PARQUET:
        _require_pyarrow()
    if path.is_dir() or not path.parent.is_dir():
        refuse(f"--output: {path} cannot be written; a file in a folder that exists is accepted")
    return output


def _refuse_what_is_there(output: Output) -> None:
    """Let pass an output that is new.

    Raises:
        JournalInUse: Another run writes it.
        OSError: What is there cannot be written.
    """
    if output.partial.exists():
        Journal(output.partial).close()  # if nothing is in it, nothing is left
    if output.partial.exists():
        refuse(f"{output.partial} is what an interrupted run left: --resume goes on with it, --force begins anew")
    if output.path.exists():
        refuse(f"{output.path} exists: --resume adds what it lacks, --force writes it anew")


def _sources(named: Sequence[str], kind: Kind | None, columns: Columns, output: Output) -> list[Input]:
    """Return what is to be read, if it can be."""
    try:
        sources = find_inputs(named, kind=kind, written=output.files)
        if any(source.kind is Kind.PARQUET for source in sources):
            _require_pyarrow()
        check_columns(sources, columns)
    except (UnusableInput, WrongColumn) as error:
        refuse(str(error))
    return sources


def _require_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 (an extra)
    except ModuleNotFoundError:
        refuse("Parquet needs pyarrow: install guillemet with its extra 'parquet'")


@contextmanager
def _explained(output: Output, server: Server) -> Iterator[None]:
    """Say in a line what ended a run, and what is left of it."""
    signalled: int | None = None
    try:
        yield
    except Interrupted as error:
        sentence, signalled = "interrupted", error.exit_code
    except (WrongColumn, UnusableOutput) as error:  # of the standard input; of what is there
        refuse(str(error))
    except JournalInUse:
        refuse(f"{output.partial} is being written by another run")
    except GuillemetError as error:
        sentence = sentence_of(error, server)
    except OSError as error:
        sentence = f"cannot write {error.filename or output.path}: {error.strerror}"
    else:
        return
    kept = f"; the answers so far are in {output.partial}: --resume goes on" if output.partial.exists() else ""
    complain(f"{sentence}{kept}")
    if signalled is not None:
        # All is closed. Python's own way out could wait for ever for a lock of a cancelled call, which a thread of gRPC took
        # with it when the interpreter stopped it.
        os._exit(signalled)
    raise typer.Exit(1)


def _print_summary(tally: Tally, failures: Failures) -> None:
    lines = tally.lines()
    if failures.count:
        lines.append(("failures", f"{failures.count:,}, see {failures.path}"))
    for name, value in lines:
        sys.stdout.write(f"{name:<13} {shown(value)}\n")
