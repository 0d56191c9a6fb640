"""A column of texts to rows of quotations: what the modules for pandas and polars share."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from guillemet_client._attributions import COLUMNS, attributions
from guillemet_client._client import Client
from guillemet_client._errors import GuillemetError, InvalidRequest
from guillemet_client._requests import OnError, check_many

# As many as a server works on for one stream, unless it is told otherwise.
_MAX_IN_FLIGHT = 64


def columns_of(errors: OnError) -> dict[str, type]:
    """Return the columns of a frame behind "document", each with its type."""
    columns = {name: kind for name, kind in COLUMNS.items() if name != "document"}
    return columns if errors == "raise" else {**columns, "error": str}


def quotation_rows(client: Client, texts: Sequence[str | None], *, errors: OnError) -> Iterator[dict[str, Any]]:
    """Yield a row for each quotation; with "return" also one, with the key "error" alone, for each text that failed.

    Args:
        client: Asked over one stream.
        texts: None: missing, which is an error of that text.
        errors: What becomes of the error of one text: "raise" it, or "return" its reason.

    Raises:
        GuillemetError: The stream failed for good; or one text, whose position is the error's `index`.
    """
    check_many(texts, errors)
    if errors == "raise" and None in texts:
        position = texts.index(None)
        raise InvalidRequest(
            f"the text at position {position:,} is missing", code="INVALID_ARGUMENT", reason="TEXT_MISSING", index=position
        )
    present = (text for text in texts if text is not None)
    with closing(client.extract_iter(present, errors=errors, max_in_flight=_MAX_IN_FLIGHT)) as outcomes:
        for position, text in enumerate(texts):
            outcome = None if text is None else next(outcomes)
            if outcome is None or isinstance(outcome, GuillemetError):
                yield {"document": position, "error": "TEXT_MISSING" if outcome is None else outcome.reason or outcome.code}
            else:
                for row in attributions(outcome.to_json()):
                    yield row | {"document": position}
