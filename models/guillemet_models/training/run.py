"""A run's TOML file, read and checked before anything is loaded."""

import tomllib
from pathlib import Path
from typing import Any

_PATHS = ("encoder", "corpus", "output")


def read_run(path: Path) -> dict[str, Any]:
    """Return the values of a TOML file; ``encoder``, ``corpus`` and ``output`` are paths, relative to the working directory.

    Raises:
        ValueError: It is no TOML, or a path is not given; the message says which.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    if missing := [key for key in _PATHS if not isinstance(values.get(key), str)]:
        raise ValueError(f"{path}: {', '.join(missing)} must be given, each a path")
    return values | {key: Path(values[key]) for key in _PATHS}


def check_inputs(path: Path, encoder: Path, *files: Path) -> None:
    """Check that what the run at `path` starts from is there.

    Raises:
        ValueError: A file is not; the message names it.
    """
    for file in (encoder / "config.json", encoder / "tokenizer.json", *files):
        if not file.is_file():
            raise ValueError(f"{path}: there is no file {file}")
