"""A run's TOML file, read and checked before anything is loaded, and the folder that is its own."""

import json
import tomllib
from dataclasses import asdict, fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic_core import ErrorDetails

Run = TypeVar("Run")

# Of a run's settings, those that may change before it goes on.
_OF_THIS_CALL = ("output", "checkpoint_seconds")


class OtherRunError(Exception):
    """The folder is another run's; the message says how they differ."""


def read_run(path: Path, kind: type[Run]) -> Run:
    """Read a TOML file into a dataclass; its paths are relative to the working directory.

    Raises:
        ValueError: It is no TOML, or a key is missing, unknown or of a wrong value; the message says which and why.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        # As JSON, of which a path may be a string though nothing else is converted.
        return TypeAdapter(kind).validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise ValueError(f"{path}: {'; '.join(_said(fault, kind) for fault in error.errors())}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _said(fault: "ErrorDetails", kind: type) -> str:
    """Return what is wrong with a setting; of one that there is not, the name that it may be misspelt from."""
    *tables, key = map(str, fault["loc"])
    reason = fault["msg"]
    if fault["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        for table in tables:
            hint = get_type_hints(kind)[table]
            kind = (*get_args(hint), hint)[0]  # « HeadConfig | None » is a table of the first
        alike = get_close_matches(key, [setting.name for setting in fields(kind)], n=1)
        reason = f"no such setting; {alike[0]} is one" if alike else "no such setting"
    return f"{'.'.join((*tables, key))}: {reason}"


def check_inputs(path: Path, encoder: Path, *files: Path) -> None:
    """Check that what the run at `path` starts from is there.

    Raises:
        ValueError: A file is not; the message names it.
    """
    for file in (encoder / "config.json", encoder / "tokenizer.json", *files):
        if not file.is_file():
            raise ValueError(f"{path}: there is no file {file}")


def claim_output(config: "DataclassInstance", output: Path) -> None:
    """Write into the output folder which run it is of, if it is not there yet.

    Raises:
        OtherRunError: It is of another.
    """
    path = output / "run.json"
    kept = {key: value for key, value in asdict(config).items() if key not in _OF_THIS_CALL}
    settings = json.dumps(kept, default=str, indent=1)
    if path.exists():
        before, now = json.loads(path.read_text(encoding="utf-8")), json.loads(settings)
        if other := [key for key in now if before.get(key) != now[key]]:
            raise OtherRunError(f"{output} is of a run with another {' and '.join(other)}: another output is accepted")
    else:
        output.mkdir(parents=True, exist_ok=True)
        path.write_text(settings, encoding="utf-8")
