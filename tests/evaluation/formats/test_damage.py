"""However a file is damaged, it is read or refused with its faults."""

import json
import tempfile
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guillemet_evaluation import InvalidDocuments
from guillemet_evaluation.formats import Format, read

TEXT = "« Le gué est ouvert », a dit Aziliz Le Goff. Elle ajoute que rien ne presse."
SPAN = {"start": 0, "end": 21, "text": "« Le gué est ouvert »"}
FRACAS = {
    "id": 1,
    "text": TEXT,
    "entities": [
        {"id": 1, "label": "Direct_Quotation", "text": "« Le gué est ouvert »", "char_span": [[0, 8], [9, 21]]},
        {"id": 2, "label": "Agent", "text": "Aziliz Le Goff", "char_span": [[29, 43]]},
        {"id": 3, "label": "Cue", "text": "a dit", "char_span": [[23, 28]]},
        {"id": 4, "label": "Source_pronoun", "text": "Elle", "char_span": [[45, 49]]},
    ],
    "relations": [[1, "Quoted_in", 2, 1], [2, "Indicates", 3, 1], [3, "Refers", 4, 2]],
}
CITRON = {
    "text": TEXT,
    "quotes": [{"id": 1, "contents": [SPAN], "sources": [SPAN], "cue": SPAN, "coreferences": [SPAN], "confidence": "0.5"}],
}
QUOTE = {"quote": "« Le gué est ouvert »", "quote_index": "(0, 21)", "speaker": "Elle", "speaker_index": "(45, 49)"}
GENDERGAPTRACKER = {"body": TEXT, "quotes": [QUOTE | {"verb": "", "verb_index": "", "reference": "Aziliz Le Goff"}]}
BRAT = """\
T1\tDirect_Quotation 0 10;11 21\t« Le gué e t ouvert »
T2\tAgent 29 43\tAziliz Le Goff
T3\tSource_pronoun 45 49\tElle
R1\tQuoted_in Arg1:T2 Arg2:T1
R2\tRefers Arg1:T3 Arg2:T2
A1\tKind T2 unnamed
#1\tAnnotatorNotes T2\t{"id": "e1", "name": "Aziliz Le Goff", "role": null}
*\tEquiv T2 T2
"""
SCRAPS = st.sampled_from([None, True, -1, 10**30, 0.5, "", "x", "T1", "(1, 2)", [], [[]], [1, 2], {}, {"text": "x"}, "Refers"])


EXAMPLES = {Format.FRACAS: FRACAS, Format.CITRON: CITRON, Format.GENDERGAPTRACKER: GENDERGAPTRACKER}


def read_or_refused(path: Path, format: Format) -> None:
    with suppress(InvalidDocuments):
        read(path, format, {"x": TEXT}, unplaced=[])


def parts(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a JSON value: its owner, and its name or index there."""
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, part in places for place in [(value, name), *parts(part)]]


@pytest.mark.parametrize("format", [*EXAMPLES, Format.BRAT])
def test_what_is_not_damaged_is_read(format: Format, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(EXAMPLES.get(format)), encoding="utf-8")
    (tmp_path / "x.ann").write_text(BRAT, encoding="utf-8")
    (tmp_path / "x.txt").write_text(TEXT, encoding="utf-8")

    assert len(read(tmp_path, format, {})[0].quotations) == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_json_is_read_or_refused(data: st.DataObject) -> None:
    format = data.draw(st.sampled_from(list(EXAMPLES)))  # noqa: A001 (as the parameter)
    value = [deepcopy(EXAMPLES[format])]
    for _ in range(data.draw(st.integers(1, 3))):
        places = parts(value)
        owner, name = places[data.draw(st.integers(0, len(places) - 1))]
        if owner is not value and data.draw(st.booleans()):
            del owner[name]
        else:
            owner[name] = deepcopy(data.draw(SCRAPS))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.json"
        path.write_text(json.dumps(value[0]), encoding="utf-8")
        read_or_refused(path, format)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(BRAT) - 1), st.integers(0, 4), st.sampled_from(["", "\t", "\n", " ", "9", ";", "{", "T9", ":"])
        )
    )
)
def test_a_damaged_annotation_file_is_read_or_refused(edits: list[tuple[int, int, str]]) -> None:
    annotations = BRAT
    for at, n_removed, put in edits:
        annotations = annotations[:at] + put + annotations[at + n_removed :]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x.txt").write_text(TEXT, encoding="utf-8")
        (Path(folder) / "x.ann").write_text(annotations, encoding="utf-8")
        read_or_refused(Path(folder), Format.BRAT)
