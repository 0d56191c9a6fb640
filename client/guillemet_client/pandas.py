"""Quotations of a pandas data frame of texts (guillemet's extra 'pandas')."""

from typing import Any

try:
    import pandas as pd
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "guillemet_client.pandas needs pandas: install guillemet with its extra 'pandas'", name=error.name
    ) from None

from guillemet_client._client import Client
from guillemet_client._frames import check_column, columns_of, quotation_rows
from guillemet_client._requests import OnError

__all__ = ["extract_frame"]

# With nulls of their own: an offset that is missing makes no floats of the others.
_TYPES = {str: "string", int: "Int64", float: "Float64"}


def extract_frame(
    frame: pd.DataFrame, text: str, *, client: Client, id: str | None = None, errors: OnError = "raise"
) -> pd.DataFrame:
    """Return a frame with a row for each quotation of each text, in order.

    >>> import pandas as pd
    >>> from guillemet_client import Client
    >>> articles = pd.DataFrame({"body": ["« Oui », a dit Jeanne Morvan.", "Rien."]}, index=["a1", "a2"])
    >>> with Client("localhost:50051") as client:
    ...     quotations = extract_frame(articles, text="body", client=client)
    >>> quotations[["document", "begin", "end", "text", "speaker"]].to_dict("records")
    [{'document': 'a1', 'begin': 0, 'end': 7, 'text': '« Oui »', 'speaker': 'Jeanne Morvan'}]

    Args:
        frame: An article a row.
        text: Its column of texts.
        client: Asked over one stream.
        id: Its column that names the articles; None: the index does.
        errors: What becomes of the error of one text: "raise" it, or "return" a row of only "document" and "error", its reason.

    Returns:
        "document" (as `id` or the index), "quotation" ("q1", …), "begin", "end" and "text" (from the first character to the
        last, « […] » standing for an insert), "type"; "cue" and "source", each with "_begin" and "_end"; "speaker", its "kind",
        "role" and "institution"; "probability", "source_probability" and "speaker_probability". Offsets index the texts.

    Raises:
        GuillemetError: The stream failed for good; or one text, whose position in the frame is the error's `index`.
        ValueError: No column, or several, have the name `text` or `id`.
    """
    given = _column(frame, text)
    names = pd.Series(frame.index.to_flat_index()) if id is None else _column(frame, id)
    texts = [None if missing else value for value, missing in zip(given, given.isna(), strict=True)]
    rows = list(quotation_rows(client, texts, errors=errors))
    documents = names.take([row["document"] for row in rows]).reset_index(drop=True)
    columns = {name: pd.array([row.get(name) for row in rows], _TYPES[kind]) for name, kind in columns_of(errors).items()}
    return pd.DataFrame({"document": documents, **columns})


def _column(frame: pd.DataFrame, name: str) -> "pd.Series[Any]":
    check_column(list(frame.columns), name)
    return frame[name]
