"""GenderGapTracker's quotes, whose indices count a text that it rewrote."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guillemet_client import QuotationType, Span
from guillemet_evaluation import Document, Fault, InvalidDocuments, Quotation
from guillemet_evaluation.formats import Format, read, read_predictions

# A no-break space, a doubled one, a typographic apostrophe between letters, curly marks, an asterisk, doubled full stops.
TEXT = (
    "«\u00a0Le moulin tournera  dès mai.. \nC’est promis\u00a0», a dit* Solène Abgrall. "
    "Selon elle, l’eau ne manquera pas. Elle a promis un “beau” dimanche à ceux qui aident, a dit Solène Abgrall."
)
# What it makes of it; only what is between the pieces counts here.
REWRITTEN = (
    "« Le moulin tournera dès mai.\n C'est promis », a dit  Solène Abgrall. "
    'Selon elle, l\'eau ne manquera pas. Elle a promis un "beau" dimanche à ceux qui aident, a dit Solène Abgrall.'
)


def quote(content: str, speaker: str = "", verb: str = "", occurrence: int = 0, **fields: Any) -> dict[str, Any]:
    """Return a quote as its extractor writes it; the speaker and the verb are those of this occurrence."""

    def index(words: str, nth: int) -> str:
        at = -1
        for _ in range(nth + 1):
            at = REWRITTEN.index(words, at + 1)
        return str((at, at + len(words)))

    return {
        "speaker": speaker,
        "speaker_index": index(speaker, occurrence) if speaker else "",
        "quote": content,
        "quote_index": index(content, 0),
        "verb": verb,
        "verb_index": index(verb, occurrence) if verb else "",
        "quote_token_count": len(content.split()),
        "is_floating_quote": not speaker,
        "reference": "",
    } | fields


QUOTES = [
    quote("l'eau ne manquera pas.", "elle", quote_type="selon", reference="Solène Abgrall"),
    quote(
        'Elle a promis un "beau" dimanche à ceux qui aident',
        "Solène Abgrall",
        "dit",
        1,
        quote_type="CVS",
        reference="Solène Abgrall",
    ),
    quote("« Le moulin tournera dès mai.\n C'est promis »", "Solène Abgrall", "dit", 0, quote_type="QCQVS"),
]


def there(words: str, occurrence: int = 0) -> Span:
    """Return where words stand in the text as it was."""
    begin = -1
    for _ in range(occurrence + 1):
        begin = TEXT.index(words, begin + 1)
    return Span(begin, begin + len(words))


EXPECTED = (
    Quotation(
        type=QuotationType.DIRECT,
        spans=(there("«\u00a0Le moulin tournera  dès mai.. \nC’est promis\u00a0»"),),
        cue=there("dit"),
        source=there("Solène Abgrall"),
    ),
    Quotation(
        type=QuotationType.INDIRECT,
        spans=(there("l’eau ne manquera pas."),),
        source=there("elle"),
        speaker_name="Solène Abgrall",
    ),
    Quotation(
        type=QuotationType.MIXED,
        spans=(there("Elle a promis un “beau” dimanche à ceux qui aident"),),
        cue=there("dit", 1),
        source=there("Solène Abgrall", 1),
        speaker_name="Solène Abgrall",
    ),
)


def written(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=4, ensure_ascii=False), encoding="utf-8")
    return path


def test_quotes_are_found_where_they_stand_in_the_text_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path / "quotes" / "moulin.json", QUOTES).parent

    documents = read_predictions(path, Format.GENDERGAPTRACKER, [Document(id="moulin", text=TEXT)])

    assert documents == (Document(id="moulin", text=TEXT, quotations=EXPECTED),)


def test_files_are_named_up_to_the_first_full_stop_of_the_id(tmp_path: Path) -> None:
    path = written(tmp_path / "moulin.json", QUOTES)

    assert read(path, Format.GENDERGAPTRACKER, {"moulin.v2.txt": TEXT})[0].id == "moulin.v2.txt"
    with pytest.raises(InvalidDocuments, match="document moulin, text: is neither here nor"):
        read(path, Format.GENDERGAPTRACKER, {"moulin.v1.txt": TEXT, "moulin.v2.txt": TEXT})


@pytest.mark.parametrize("field", ["quotes", "quotesUpdated"])
def test_documents_of_its_database_hold_their_text(field: str, tmp_path: Path) -> None:
    path = written(tmp_path / "moulin.json", {"_id": "5f", "outlet": "Le Grain", "body": TEXT, field: QUOTES})

    (document,) = read(path, Format.GENDERGAPTRACKER, {})

    assert document.quotations == EXPECTED


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("« Le moulin tournera »", QuotationType.DIRECT),
        ("« Le moulin tournera,", QuotationType.DIRECT),
        ("le moulin tournera »", QuotationType.DIRECT),
        ('"Le moulin tournera"', QuotationType.DIRECT),
        ("Le moulin « tournera »", QuotationType.MIXED),
        ("« Le » moulin tournera", QuotationType.MIXED),
        ('Le moulin "tournera" demain', QuotationType.MIXED),
        ("Le moulin tournera", QuotationType.INDIRECT),
    ],
)
def test_the_type_is_read_off_the_marks(words: str, expected: QuotationType, tmp_path: Path) -> None:
    value = {"body": words, "quotes": [{"quote": words, "quote_index": f"(0,{len(words)})"}]}

    (document,) = read(written(tmp_path / "x.json", value), Format.GENDERGAPTRACKER, {})

    assert document.quotations[0].type == expected


def test_quotes_that_are_not_in_the_text_are_faults_or_have_no_place(tmp_path: Path) -> None:
    path = written(tmp_path / "moulin.json", [QUOTES[0] | {"quote": "le vent"}, QUOTES[2] | {"verb": "juré"}])

    unplaced: list[Fault] = []
    (document,) = read_predictions(path, Format.GENDERGAPTRACKER, [Document(id="moulin", text=TEXT)], unplaced=unplaced)

    assert [str(fault) for fault in unplaced] == [
        "document moulin, quotes[0].quote: its words are not in the text",
        "document moulin, quotes[1].verb: its words are not in the text",
    ]
    assert document.quotations == (replace(EXPECTED[0], cue=None), replace(EXPECTED[1], spans=()))
    with pytest.raises(InvalidDocuments) as caught:
        read(path, Format.GENDERGAPTRACKER, {"moulin": TEXT})
    assert caught.value.faults == tuple(unplaced)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (None, "quotes: is null: the extractor failed there"),
        ("x", "quotes: is no list of quotes"),
        ({}, "quotes: is no list of quotes"),
        ({"quotes": None, "body": TEXT}, "quotes: is null: the extractor failed there"),
        ({"quotes": [], "body": 1}, "text: is no string"),
        (["x"], "quotes[0]: is no object"),
        ([{"quote": " "}], "quotes[0].quote: holds no word"),
        (
            [{"quote": 1, "quote_index": "(0, 1)"}],
            'quotes[0].quote: is no string with an index in quote_index, as in "(12, 34)"',
        ),
        (
            [{"quote": "x", "quote_index": [0, 1]}],
            'quotes[0].quote: is no string with an index in quote_index, as in "(12, 34)"',
        ),
        (
            [QUOTES[0] | {"speaker_index": ""}],
            'quotes[0].speaker: is no string with an index in speaker_index, as in "(12, 34)"',
        ),
        ([QUOTES[0] | {"reference": 7}], "quotations[0].speaker_name: is a number; a string or null is accepted"),
    ],
)
def test_a_fault_is_said_with_its_field_and_reason(value: Any, fault: str, tmp_path: Path) -> None:
    path = written(tmp_path / "moulin.json", value)

    with pytest.raises(InvalidDocuments) as caught:
        read(path, Format.GENDERGAPTRACKER, {"moulin": TEXT})

    assert fault in str(caught.value).splitlines()[0]
