"""``guillemet convert``: documents from one format into another."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from guillemet_client.connecting import complain, refuse
from guillemet_evaluation.documents import Document
from guillemet_evaluation.folders import files_below
from guillemet_evaluation.formats import LOST, READABLE, WRITABLE, Format, read, write
from guillemet_evaluation.formats.files import read_text
from guillemet_evaluation.reading import Collected, read_documents
from guillemet_evaluation.validation import Fault, InvalidDocuments

_BY_SUFFIX: Mapping[str, Format] = {".ann": Format.BRAT, ".conllup": Format.BIO, ".jsonl": Format.GUILLEMET}


def add_commands(app: typer.Typer) -> None:
    """Add ``convert``."""
    app.command()(convert)


def convert(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="File or folder.", exists=True)],
    target: Annotated[Path, typer.Argument(metavar="OUTPUT", help="File, of brat a folder, that is not there yet.")],
    *,
    source_format: Annotated[
        Format | None,
        typer.Option(
            "--from", metavar=f"<{'|'.join(READABLE)}>", help="Of INPUT.  [default: brat of .ann files, guillemet of .jsonl]"
        ),
    ] = None,
    target_format: Annotated[
        Format | None,
        typer.Option(
            "--to", metavar=f"<{'|'.join(WRITABLE)}>", help="Of OUTPUT.  [default: guillemet of .jsonl, bio of .conllup]"
        ),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Documents, JSON lines, or a folder of .txt: the texts, by id, if INPUT holds none.",
            exists=True,
        ),
    ] = None,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Leave out, and say, what has no place in its text.")] = False,
) -> None:
    """Convert annotated documents or predictions from one format into another."""
    before = source_format or _format_of(source) or refuse(f"--from is needed for {source}: {', '.join(READABLE)}")
    after = target_format or _format_of(target) or refuse(f"--to is needed for {target}: {', '.join(WRITABLE)}")
    if before not in READABLE:
        refuse(f"--from {before}: it is only written; {', '.join(READABLE)} are accepted")
    if after not in WRITABLE:
        refuse(f"--to {after}: it is only read; {', '.join(WRITABLE)} are accepted")
    if texts is not None and before is Format.GUILLEMET:
        refuse("--texts is for other formats; one of guillemet holds its own")
    if target.exists():
        refuse(f"{target} is there already; name another OUTPUT, or remove it")
    unplaced: list[Fault] = []
    try:
        documents = read(source, before, {} if texts is None else _texts_of(texts), unplaced=unplaced if leave_out else None)
        documents = tuple(map(_without_unplaced, _at_least_one(documents, source)))
        write(documents, target, after)
    except InvalidDocuments as error:
        for sentence in str(error).splitlines():
            complain(sentence)
        raise typer.Exit(2) from error
    except OSError as error:
        complain(f"{target} cannot be written ({error.strerror})")
        raise typer.Exit(1) from error
    for fault in unplaced:
        complain(f"{source}: left out: {fault}")
    n_quotations = sum(len(document.quotations) for document in documents)
    lost = f"; {after} has no place for {LOST[after]}" if after in LOST else ""
    typer.echo(f"{target}: {len(documents):,} documents, {n_quotations:,} quotations{lost}", err=True)


def _at_least_one(documents: tuple[Document, ...], source: Path) -> tuple[Document, ...]:
    if not documents:
        raise InvalidDocuments(str(source), [Fault("holds no document; at least one is needed")])
    return documents


def _without_unplaced(document: Document) -> Document:
    return replace(document, quotations=tuple(quotation for quotation in document.quotations if quotation.spans))


def _format_of(path: Path) -> Format | None:
    """Return the format of a file or folder if its names leave no choice."""
    if path.is_dir():
        return Format.BRAT if any(path.rglob("*.ann")) else None
    return _BY_SUFFIX.get(path.suffix)


def _texts_of(path: Path) -> dict[str, str]:
    """Return texts by id: of documents, or of files, whose names without suffix are the ids."""
    if not path.is_dir():
        return {document.id: document.text for document in read_documents(path)}
    collected = Collected(str(path), is_gold=False)
    files = {file.relative_to(path): file for file in files_below(path, ".txt", collected.fault)}
    texts = {name: read_text(file, name.as_posix(), collected) for name, file in files.items()}
    collected.documents()
    return {name.with_suffix("").as_posix(): text for name, text in texts.items() if text is not None}
