"""Citron's JSON, read only: `{quotes: [{cue, sources, contents, coreferences, confidence}]}`, each span `{start, end, text}`.

Source: `docs/data_format.md`, `citron/data.py`, `citron/citron.py` and `citron/utils.py` of github.com/bbc/citron. There are
two dialects. Annotated data hold the `text`, count characters, and `coreferences` are what `sources` resolve to. The
extractor's answers (`bin/citron-extract`, the REST server) hold no text and count *tokens* (spaCy's `Span.start`), and where
sources are resolved the two fields are swapped. Either way the words are looked for in the text (see `placing`).

A quotation has no type there, and a speaker is words: what the source resolves to, or the source itself if it is no pronoun;
several are joined by "et", and several sources are the stretch that holds them. `coreference_groups` are not read: quotes say
their own.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from guillemet_evaluation.formats.claiming import ClaimedDocument, ClaimedQuotation
from guillemet_evaluation.formats.files import Intake, json_values
from guillemet_evaluation.formats.placing import Claim
from guillemet_evaluation.sources import is_pronoun

_ENGLISH_PRONOUNS = frozenset(["he", "she", "they", "we", "i", "you", "it", "who"])
# Offsets beyond it are no offsets.
_MOST = 10**12


def read(intake: Intake) -> None:
    """Read a file of one document, a file of one a line, or a folder of the first."""
    for name, where, value in json_values(intake.path, intake.collected):
        document = ClaimedDocument(name, where, intake)
        n_faults = intake.collected.n_faults
        quotes = value.get("quotes") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(quotes, list):
            document.fault("quotes", "is missing or no list")
            continue
        text = document.text(value.get("text"))
        for index, quote in enumerate(quotes):
            _add_quotation(document, f"quotes[{index}]", quote, is_answer="text" not in value)
        if text is not None and intake.collected.n_faults == n_faults:
            document.place(text)


def _add_quotation(document: ClaimedDocument, path: str, quote: Any, *, is_answer: bool) -> None:
    if not isinstance(quote, Mapping):
        document.fault(path, "is no object")
        return
    contents = _claims(document, f"{path}.contents", quote.get("contents"))
    if not contents:
        document.fault(f"{path}.contents", "holds no span; a quotation has one at least")
    mention, resolved = "sources", "coreferences"
    if is_answer and quote.get("coreferences"):
        mention, resolved = resolved, mention
    names = _words(document, f"{path}.{resolved}", quote.get(resolved)) or _words(
        document, f"{path}.{mention}", quote.get(mention)
    )
    own_id = quote.get("id")
    document.quotations.append(
        ClaimedQuotation(
            contents=contents,
            cue=_claim(document, f"{path}.cue", quote.get("cue")),
            sources=_claims(document, f"{path}.{mention}", quote.get(mention)),
            said={
                "id": str(own_id) if type(own_id) is int else own_id,
                "speaker_name": " et ".join(name for name in names if not _is_pronoun(name)) or None,
                "probability": _probability(document, f"{path}.confidence", quote.get("confidence")),
            },
        )
    )


def _claims(document: ClaimedDocument, path: str, spans: Any) -> list[str]:
    """Return the keys of the claims of a list of spans; none of null."""
    if spans is not None and not isinstance(spans, list):
        document.fault(path, "is no list of spans")
        return []
    claims = (_claim(document, f"{path}[{index}]", span) for index, span in enumerate(spans or []))
    return [claim for claim in claims if claim is not None]


def _claim(document: ClaimedDocument, path: str, span: Any) -> str | None:
    if span is None:
        return None
    match span:
        case {"start": int(begin), "end": int(end), "text": str(words)} if words.strip() and max(abs(begin), abs(end)) < _MOST:
            document.claims[path] = Claim(words, begin, end)
            return path
    document.fault(path, "is no span of start, end and text")
    return None


def _words(document: ClaimedDocument, path: str, spans: Any) -> list[str]:
    match spans:
        case None:
            return []
        case list() if all(isinstance(span, Mapping) and isinstance(span.get("text"), str) for span in spans):
            return [span["text"] for span in spans]
    document.fault(path, "is no list of spans")
    return []


def _is_pronoun(words: str) -> bool:
    return is_pronoun(words) or words.strip().lower() in _ENGLISH_PRONOUNS


def _probability(document: ClaimedDocument, path: str, confidence: Any) -> float | None:
    """Return what the extractor writes as a string: its probability of the source times those of the contents."""
    if confidence is None:
        return None
    if not isinstance(confidence, bool):
        with suppress(TypeError, ValueError, OverflowError):
            return float(confidence)
    document.fault(path, "is no number")
    return None
