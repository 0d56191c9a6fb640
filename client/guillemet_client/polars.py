"""Quotations of a polars data frame of texts (guillemet's extra 'polars')."""

try:
    import polars as pl
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "guillemet_client.polars needs polars: install guillemet with its extra 'polars'", name=error.name
    ) from None

from guillemet_client._client import Client
from guillemet_client._frames import check_column, columns_of, quotation_rows
from guillemet_client._requests import OnError

__all__ = ["extract_frame"]

_TYPES = {str: pl.String, int: pl.Int64, float: pl.Float64}


def extract_frame(
    frame: pl.DataFrame, text: str, *, client: Client, id: str | None = None, errors: OnError = "raise"
) -> pl.DataFrame:
    """Return a frame with a row for each quotation of each text, as `guillemet_client.pandas.extract_frame` does.

    >>> import polars as pl
    >>> from guillemet_client import Client
    >>> articles = pl.DataFrame({"key": ["a1", "a2"], "body": ["« Oui », a dit Jeanne Morvan.", "Rien."]})
    >>> with Client("localhost:50051") as client:
    ...     quotations = extract_frame(articles, text="body", id="key", client=client)
    >>> quotations.select("document", "begin", "end", "text", "speaker").to_dicts()
    [{'document': 'a1', 'begin': 0, 'end': 7, 'text': '« Oui »', 'speaker': 'Jeanne Morvan'}]

    Args:
        frame: An article a row.
        text: Its column of texts.
        client: Asked over one stream.
        id: Its column that names the articles; None: their positions do, from 0.
        errors: What becomes of the error of one text: "raise" it, or "return" a row of only "document" and "error", its reason.

    Raises:
        GuillemetError: The stream failed for good; or one text, whose position in the frame is the error's `index`.
        ValueError: No column has the name `text` or `id`.
    """
    for name in (text, id):
        if name is not None:
            check_column(frame.columns, name)
    rows = list(quotation_rows(client, frame[text].to_list(), errors=errors))
    names = pl.int_range(frame.height, eager=True) if id is None else frame[id]
    documents = names.gather([row["document"] for row in rows]).alias("document")
    columns = [pl.Series(name, [row.get(name) for row in rows], _TYPES[kind]) for name, kind in columns_of(errors).items()]
    return pl.DataFrame([documents, *columns])
