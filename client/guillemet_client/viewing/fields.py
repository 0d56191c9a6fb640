"""The fields of a JSON object, each checked as it is read."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NoReturn, Self, TypeVar

Value = TypeVar("Value")
Name = TypeVar("Name", bound=StrEnum)


class NotOfTheFormat(ValueError):  # noqa: N818 (named by what was found)
    """A value is not what the one format (docs/format.md) has in its place; the message says where, and what is accepted."""


class Fields:
    """Reads an object of the one format about a text.

    Args:
        value: What JSON gave.
        path: Where it stands, for messages: "quotations[2]"; empty: at the top.

    Raises:
        NotOfTheFormat: By this and by every method.
    """

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise NotOfTheFormat(f"{path or 'the value'} is {_kind(value)}; an object is accepted")
        self._values: dict[str, Any] = value
        self._path = path

    def string(self, key: str) -> str:
        """Return a string."""
        value = self._value(key)
        return value if isinstance(value, str) else self.refuse(key, f"{_kind(value)}; a string is accepted")

    def name(self, key: str, names: type[Name]) -> Name:
        """Return one of the values of an enumeration."""
        value = self.string(key)
        if value not in set(names):
            self.refuse(key, f"{value!r}; accepted are {', '.join(names)}")
        return names(value)

    def probability(self, key: str) -> float:
        """Return a number from 0 to 1."""
        value = self._value(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.refuse(key, "no number from 0 to 1")
        return float(value)

    def span(self, key: str, text: str) -> tuple[int, int]:
        """Return a span of `text`."""
        return self._span(key, self._value(key), text)

    def spans(self, key: str, text: str) -> tuple[tuple[int, int], ...]:
        """Return a list of spans of `text`."""
        return tuple(self._span(f"{key}[{index}]", value, text) for index, value in enumerate(self._list(key)))

    def objects(self, key: str) -> Iterator[Self]:
        """Yield the objects of a list."""
        for index, value in enumerate(self._list(key)):
            yield type(self)(value, self._at(f"{key}[{index}]"))

    def optional(self, key: str, read: Callable[[str], Value]) -> Value | None:
        """Return what `read` makes of a field, or None where the field is absent or null."""
        return None if self._values.get(key) is None else read(key)

    def refuse(self, key: str, sentence: str) -> NoReturn:
        """Say what is wrong with a field."""
        raise NotOfTheFormat(f"{self._at(key)} is {sentence}")

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _value(self, key: str) -> Any:
        return self._values[key] if key in self._values else self.refuse(key, "missing")

    def _list(self, key: str) -> list[Any]:
        value = self._value(key)
        return value if isinstance(value, list) else self.refuse(key, f"{_kind(value)}; a list is accepted")

    def _span(self, key: str, value: object, text: str) -> tuple[int, int]:
        match value:
            case [int(begin), int(end)] if 0 <= begin < end <= len(text):
                return begin, end
        return self.refuse(key, f"no span [begin, end] of the text, which has {len(text):,} characters")


def _kind(value: object) -> str:
    """Return what JSON calls a value of its type; never the value, which may be somebody's words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
    return "an object"
