"""GenderGapTracker's JSON, read only: `{quote, quote_index, speaker, speaker_index, verb, verb_index, reference}`.

Source: `nlp/french/quote_extractor.py`, `quote_merger.py` and `utils.py` of github.com/sfu-discourse-lab/GenderGapTracker: a
file a document, named by it up to the first full stop; or a document of its database with `quotes` (`quotesUpdated` in its
evaluation) and the text as `body`. Indices are strings, "(12, 34)", and count characters of a text that was rewritten before:
the words are looked for in the text as it is (see `placing`).

`speaker` is the source and `reference`, which only the quote merger fills in, the speaker's name; both "" if not known. The
type is read off the marks in the words, as Q is in its own `quote_type`: all in marks, a part, or nothing.
"""

import re
from collections.abc import Mapping
from typing import Any

from guillemet_client import QuotationType
from guillemet_evaluation.formats.claiming import ClaimedDocument, ClaimedQuotation
from guillemet_evaluation.formats.files import Intake, json_values
from guillemet_evaluation.formats.placing import Claim

_INDEX = re.compile(r"\((\d{1,12}), ?(\d{1,12})\)")
# A part of a quotation that an insert cuts in two has one mark.
_IN_MARKS = re.compile(r'«[^»]*(?:»|$)|^[^«»]*»|"[^"]*(?:"|$)')


def read(intake: Intake) -> None:
    """Read a file of one document, or a folder of them."""
    for name, where, value in json_values(intake.path, intake.collected):
        document = ClaimedDocument(name, where, intake)
        n_faults = intake.collected.n_faults
        fields = value if isinstance(value, Mapping) else {}
        quotes = fields.get("quotesUpdated", fields.get("quotes")) if fields else value
        if not isinstance(quotes, list):
            # Its extractor writes null where it failed.
            document.fault("quotes", "is null: the extractor failed there" if quotes is None else "is no list of quotes")
            continue
        text = document.text(fields.get("body"))
        for index, quote in enumerate(quotes):
            _add_quotation(document, f"quotes[{index}]", quote)
        if text is not None and intake.collected.n_faults == n_faults:
            document.place(text)


def _add_quotation(document: ClaimedDocument, path: str, quote: Any) -> None:
    if not isinstance(quote, Mapping):
        document.fault(path, "is no object")
        return
    n_faults = document.intake.collected.n_faults
    content, source, cue = (_claim(document, path, quote, name) for name in ("quote", "speaker", "verb"))
    if content is None:
        if document.intake.collected.n_faults == n_faults:
            document.fault(f"{path}.quote", "holds no word")
        return
    reference = quote.get("reference")
    document.quotations.append(
        ClaimedQuotation(
            contents=[content],
            cue=cue,
            sources=[] if source is None else [source],
            said={"type": _type_of(quote["quote"]), "speaker_name": reference or None},
        )
    )


def _claim(document: ClaimedDocument, path: str, quote: Mapping[str, Any], name: str) -> str | None:
    """Return the key of the claim of a field; None if it says nothing."""
    words, index = quote.get(name), quote.get(f"{name}_index")
    if words is None or (isinstance(words, str) and not words.strip()):
        return None
    found = _INDEX.fullmatch(index) if isinstance(index, str) else None
    if not isinstance(words, str) or found is None:
        document.fault(f"{path}.{name}", f'is no string with an index in {name}_index, as in "(12, 34)"')
        return None
    document.claims[f"{path}.{name}"] = Claim(words, int(found[1]), int(found[2]))
    return f"{path}.{name}"


def _type_of(words: str) -> QuotationType:
    outside = _IN_MARKS.sub("", words.strip())
    if outside == words.strip():
        return QuotationType.INDIRECT
    return QuotationType.MIXED if any(character.isalnum() for character in outside) else QuotationType.DIRECT
