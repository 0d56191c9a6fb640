"""The files below a folder, in the order of their names."""

import os
from collections.abc import Callable
from pathlib import Path

from guillemet_evaluation.validation import Fault


def files_below(folder: Path, suffix: str, report: Callable[[Fault], None]) -> list[Path]:
    """As `list_below`; that there is none is a fault, too."""
    faults: list[Fault] = []
    found = list_below(folder, suffix, faults.append)
    if not found and not faults:
        faults.append(Fault(f"holds no {suffix} file"))
    for fault in faults:
        report(fault)
    return found


def list_below(folder: Path, suffix: str, report: Callable[[Fault], None]) -> list[Path]:
    """Return the files of a suffix in a folder and its folders, in order.

    Args:
        folder: Its links to folders are not followed.
        suffix: With its dot.
        report: Takes what is said of folders that cannot be read.
    """

    def unreadable(error: OSError) -> None:
        report(Fault(f"cannot be read ({error.strerror})", Path(error.filename).relative_to(folder).as_posix()))

    walked = os.walk(folder, onerror=unreadable)
    return sorted(Path(parent, name) for parent, _, names in walked for name in names if name.endswith(suffix))
