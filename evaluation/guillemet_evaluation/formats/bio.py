"""CoNLL-style columns of BIO tags, write only: a token a line, a blank line after each paragraph.

Source: CoNLL-U Plus (universaldependencies.org/ext-format.html), whose first line names the columns. `B-direct` begins a
span, `I-direct` goes on, `O` is outside; a span over several paragraphs begins anew in each. Tokens are words, elided ones
with their apostrophe, and other characters one by one, cut where a span begins or ends; BEGIN and END are their offsets in
the text. What overlaps a span before it goes to a further column of its kind, so that nested quotations are all there.

Lost: which spans, cue and source belong to one quotation, entities, probabilities, ids but the document's, white space.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from guillemet_client import Span
from guillemet_evaluation.documents import Document

LOST = "entities, probabilities, other fields, and which spans, cue and source belong together"

_PARAGRAPH = re.compile(r"[^\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_TOKEN = re.compile(r"\w+(?:['’](?=\w))?|[^\w\s]")
_KINDS = ("CUE", "SOURCE", "QUOTATION")
# Of a quotation whose type the system does not say.
_UNTYPED = "quotation"

# Spans with what they are called; none overlaps another.
_Column = list[tuple[Span, str]]


def write(documents: Sequence[Document], path: Path) -> None:
    """Write all documents into one file."""
    columns = [_columns_of(document) for document in documents]
    n_columns = {kind: max((len(by_kind[kind]) for by_kind in columns), default=0) for kind in _KINDS}
    names = [f"GUILLEMET:{kind}{number + 1 if number else ''}" for kind, n in n_columns.items() for number in range(max(1, n))]
    lines = [f"# global.columns = ID FORM GUILLEMET:BEGIN GUILLEMET:END {' '.join(names)}"]
    for document, by_kind in zip(documents, columns, strict=True):
        padded = [[*by_kind[kind], *([[]] * (max(1, n) - len(by_kind[kind])))] for kind, n in n_columns.items()]
        lines += _lines(document, [column for of_kind in padded for column in of_kind])
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")


def _columns_of(document: Document) -> Mapping[str, list[_Column]]:
    """Return as few columns of each kind as hold all spans."""
    quotations = document.quotations
    return {
        "CUE": _layered((quotation.cue, "cue") for quotation in quotations if quotation.cue),
        "SOURCE": _layered((quotation.source, "source") for quotation in quotations if quotation.source),
        "QUOTATION": _layered((span, quotation.type or _UNTYPED) for quotation in quotations for span in quotation.spans),
    }


def _layered(spans: Iterable[tuple[Span, str]]) -> list[_Column]:
    columns: list[_Column] = []
    for span, name in sorted(set(spans), key=lambda named: (named[0].begin, -named[0].end, named[1])):
        free = next((column for column in columns if column[-1][0].end <= span.begin), None)
        if free is None:
            columns.append([(span, name)])
        else:
            free.append((span, name))
    return columns


def _lines(document: Document, columns: Sequence[_Column]) -> Iterator[str]:
    yield f"# newdoc id = {' '.join(document.id.split())}"
    cuts = {bound for column in columns for span, _ in column for bound in span}
    for paragraph in _PARAGRAPH.finditer(document.text):
        tokens = list(_tokens(document.text, Span(*paragraph.span()), cuts))
        if not tokens:
            continue
        yield f"# text = {paragraph[0].strip()}"
        tags = [_tags(tokens, column) for column in columns]
        for number, (token, *of_token) in enumerate(zip(tokens, *tags, strict=True), start=1):
            yield "\t".join([str(number), token.of(document.text), str(token.begin), str(token.end), *of_token])
        yield ""


def _tokens(text: str, paragraph: Span, cuts: set[int]) -> Iterator[Span]:
    for token in _TOKEN.finditer(text, *paragraph):
        inside = (cut for cut in range(token.start() + 1, token.end()) if cut in cuts)
        for begin, end in pairwise([token.start(), *inside, token.end()]):
            yield Span(begin, end)


def _tags(tokens: Sequence[Span], column: _Column) -> list[str]:
    """Return the tags of the tokens of a paragraph."""
    tags = ["O"] * len(tokens)
    for span, name in column:
        inside = [index for index, token in enumerate(tokens) if span.begin <= token.begin and token.end <= span.end]
        for index in inside:
            tags[index] = f"{'B' if index == inside[0] else 'I'}-{name}"
    return tags
