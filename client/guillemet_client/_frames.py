"""A column of texts to rows of quotations: what the modules for pandas and polars share."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, cast

from guillemet_client._attributions import COLUMNS, attributions
from guillemet_client._client import Client
from guillemet_client._errors import GuillemetError
from guillemet_client._messages import check_text
from guillemet_client._requests import OnError, check_many

# As many as a server works on for one stream, unless it is told otherwise.
_MAX_IN_FLIGHT = 64


def check_column(names: Sequence[object], name: str) -> None:
    """Let pass a name that one column has.

    Raises:
        ValueError: None has it, or several.
    """
    if name not in names:
        raise ValueError(f"no column {name!r}; there are {', '.join(map(repr, names)) or 'none'}")
    if (n_columns := names.count(name)) > 1:
        raise ValueError(f"{n_columns} columns of the frame have the name {name!r}; one is accepted")


def columns_of(errors: OnError) -> dict[str, type]:
    """Return the columns of a frame behind "document", each with its type."""
    columns = {name: kind for name, kind in COLUMNS.items() if name != "document"}
    return columns if errors == "raise" else {**columns, "error": str}


def quotation_rows(client: Client, texts: Sequence[object], *, errors: OnError) -> Iterator[dict[str, Any]]:
    """Yield a row for each quotation; with "return" also one, with the key "error" alone, for each text that failed.

    Args:
        client: Asked over one stream.
        texts: The cells of a column; what is no `str` is an error of that text, as is None, which is missing.
        errors: What becomes of the error of one text: "raise" it, or "return" its reason.

    Raises:
        GuillemetError: The stream failed for good; or one text, whose position is the error's `index`.
    """
    check_many(texts, errors)
    if errors == "raise":
        for position, text in enumerate(texts):
            check_text(text, index=position)  # before anything is asked
    # What is no text comes back as the error of its place.
    given = cast("Sequence[str]", texts)
    with closing(client.extract_iter(given, errors=errors, max_in_flight=_MAX_IN_FLIGHT)) as outcomes:
        for position, outcome in enumerate(outcomes):
            if isinstance(outcome, GuillemetError):
                yield {"document": position, "error": outcome.reason or outcome.code}
            else:
                for row in attributions(outcome.to_json()):
                    yield row | {"document": position}
