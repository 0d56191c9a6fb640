"""GenderGapTracker's JSON, read only: `{quote, quote_index, speaker, speaker_index, verb, verb_index, quote_type, reference}`.

Source: `nlp/french/quote_extractor.py`, `quote_merger.py` and `utils.py` of github.com/sfu-discourse-lab/GenderGapTracker: a
file a document, named by it up to the first full stop; or a document of its database with `quotes` (`quotesUpdated` in its
evaluation) and the text as `body`. Indices are strings, "(12, 34)", and count characters of a text that was rewritten before:
the words are looked for in the text as it is (see `placing`).

`speaker` is the source and `reference`, which only the quote merger fills in, the speaker's name; both "" if not known. The
type is read off `quote_type`, where Q stands for a mark, and off the marks: whole in marks, in part, or without.
"""

import re
from collections.abc import Mapping
from typing import Any

from guillemet_client import QuotationType
from guillemet_evaluation.formats.claiming import ClaimedDocument, ClaimedQuotation
from guillemet_evaluation.formats.files import Intake, json_values
from guillemet_evaluation.formats.placing import Claim

_INDEX = re.compile(r"\((\d{1,12}), ?(\d{1,12})\)")
# « in the middle of a sentence, a part of a quotation that an insert cuts in two, straight marks.
_IN_MARKS = re.compile(r'«[^»]*(?:»|$)|^[^«»]*»|"[^"]*(?:"|$)')
_WITHOUT_MARKS = frozenset({"selon", "AccordingTo"})


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
    content, source, cue = (_claim(document, path, quote, name) for name in ("quote", "speaker", "verb"))
    if content is None:
        document.fault(f"{path}.quote", "holds no word")
        return
    reference = quote.get("reference")
    document.quotations.append(
        ClaimedQuotation(
            contents=[content],
            cue=cue,
            sources=[] if source is None else [source],
            said={"type": _type_of(quote.get("quote_type"), quote["quote"]), "speaker_name": reference or None},
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


def _type_of(quote_type: Any, words: str) -> QuotationType | None:
    if quote_type in _WITHOUT_MARKS:
        return QuotationType.INDIRECT
    if not isinstance(quote_type, str) or not quote_type or not set(quote_type) <= set("QCVS"):
        return None
    if "Q" not in quote_type:
        return QuotationType.INDIRECT
    is_mixed = any(character.isalnum() for character in _IN_MARKS.sub("", words.strip()))
    return QuotationType.MIXED if is_mixed else QuotationType.DIRECT
