"""Documents as a flat table: a row a quotation, for data frames and CSV."""

from collections.abc import Iterator
from typing import Any

from guillemet_client._types import ELLIPSIS

COLUMNS: dict[str, type] = {
    "document": str,
    "quotation": str,
    "begin": int,
    "end": int,
    "text": str,
    "type": str,
    "cue": str,
    "cue_begin": int,
    "cue_end": int,
    "source": str,
    "source_begin": int,
    "source_end": int,
    "speaker": str,
    "kind": str,
    "role": str,
    "institution": str,
    "probability": float,
    "source_probability": float,
    "speaker_probability": float,
}
"""The columns in their order, each with its type; any but the first seven and the probabilities may be None."""


def attributions(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each quotation, with the keys of `COLUMNS`.

    An interrupted quotation goes from its first character to its last; its text has « […] » where the insert stands.

    Args:
        document: In the one format.
    """
    text: str = document["text"]
    speakers = {entity["id"]: entity for entity in document["entities"]}
    for quotation in document["quotations"]:
        speaker = speakers.get(quotation["speaker"], {})
        yield {
            "document": document["id"],
            "quotation": quotation["id"],
            "begin": quotation["spans"][0][0],
            "end": quotation["spans"][-1][1],
            "text": ELLIPSIS.join(text[begin:end] for begin, end in quotation["spans"]),
            "type": quotation["type"],
            **_span("cue", quotation["cue"], text),
            **_span("source", quotation["source"], text),
            "speaker": speaker.get("name"),
            "kind": speaker.get("kind"),
            "role": speaker.get("role"),
            "institution": speaker.get("institution"),
            "probability": quotation["probability"],
            "source_probability": quotation["source_probability"],
            "speaker_probability": quotation["speaker_probability"],
        }


def _span(name: str, span: list[int] | None, text: str) -> dict[str, Any]:
    begin, end = span or (None, None)
    return {name: span and text[begin:end], f"{name}_begin": begin, f"{name}_end": end}
