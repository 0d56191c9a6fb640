"""The numbers of an evaluation as they are shown, each beside the one that ``--json`` prints."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from markupsafe import Markup

NOTHING = "–"

Path: TypeAlias = str | Sequence[str]
"""A key, or keys one after another."""


class Numbers:
    """Shows numbers of an evaluation: fractions in points, from 0 to 100.

    Args:
        values: What `Evaluation.to_json` returns; a path leads to a number in it, and stands in the page beside it.
    """

    def __init__(self, values: Any) -> None:
        self._values = values

    def points(self, *path: Path) -> Markup:
        """Return a fraction, in points."""
        return self._shown(path, lambda value: f"{100 * value:.1f}")

    def count(self, *path: Path) -> Markup:
        """Return a whole number."""
        return self._shown(path, lambda value: f"{value:,}")

    def interval(self, *path: Path) -> Markup:
        """Return the bounds of an interval, in points; nothing where nothing was measured."""
        if self.value(*path, "0") is None:
            return Markup()
        return Markup('<span class="interval">{}–{}</span>').format(self.points(*path, "0"), self.points(*path, "1"))

    def value(self, *path: Path) -> Any:
        """Return a part of the values; None where nothing was measured."""
        value = self._values
        for key in _keys(path):
            value = value[int(key)] if isinstance(value, list) else value[key]
        return value

    def _shown(self, path: Sequence[Path], show: Callable[[Any], str]) -> Markup:
        value = self.value(*path)
        words = NOTHING if value is None else show(value)
        return Markup('<data value="{}" data-path="{}">{}</data>').format(
            "" if value is None else value, json.dumps(list(_keys(path)), ensure_ascii=False), words
        )


def _keys(path: Sequence[Path]) -> Iterator[str]:
    for part in path:
        yield from [part] if isinstance(part, str) else part
