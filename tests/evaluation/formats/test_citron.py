"""Citron's two dialects: annotated data, which hold their text, and what its extractor answers, which counts tokens."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guillemet_client import Span
from guillemet_evaluation import Document, Fault, InvalidDocuments, Quotation
from guillemet_evaluation.formats import Format, read, read_predictions

TEXT = (
    "Maëlle Kersauzon a prévenu\u00a0: « Le bac ne passera plus. » Elle a dit que la route suffirait.\n"
    "« Rien n’est sûr », a dit Hervé Cozic, « et rien ne presse. »"
)


def span(words: str, begin: int, end: int | None = None) -> dict[str, Any]:
    return {"start": begin, "end": begin + len(words) if end is None else end, "text": words}


# As spaCy's tokens count, with the marks that a tokenizer sets apart.
ANSWER: dict[str, Any] = {
    "quotes": [
        {
            "sources": [span("Maëlle Kersauzon", 0, 2)],
            "coreferences": [],
            "cue": span("prévenu", 3, 4),
            "contents": [span("« Le bac ne passera plus. »", 5, 13)],
            "confidence": "0.8312",
        },
        {
            "sources": [span("Maëlle Kersauzon", 0, 2)],
            "coreferences": [span("Elle", 13, 14)],
            "cue": span("dit", 15, 16),
            "contents": [span("la route suffirait", 17, 20)],
            "confidence": "0.4000",
        },
        {
            "sources": [span("Hervé Cozic", 31, 33)],
            "coreferences": [],
            "cue": span("dit", 30, 31),
            "contents": [span("« et rien ne presse. »", 34, 41), span("« Rien n’est sûr »", 22, 28)],
        },
    ],
    "source": {"application": "citron-extractor", "model:": "2021-11-15"},
}
EXPECTED = (
    Quotation(spans=(Span(29, 56),), cue=Span(19, 26), source=Span(0, 16), speaker_name="Maëlle Kersauzon", probability=0.8312),
    Quotation(spans=(Span(72, 90),), cue=Span(64, 67), source=Span(57, 61), speaker_name="Maëlle Kersauzon", probability=0.4),
    Quotation(spans=(Span(92, 110), Span(131, 153)), cue=Span(114, 117), source=Span(118, 129), speaker_name="Hervé Cozic"),
)


def written(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


def fault_of(path: Path, texts: dict[str, str] | None = None) -> str:
    with pytest.raises(InvalidDocuments) as caught:
        read(path, Format.CITRON, texts or {})
    return str(caught.value).removeprefix(f"{path}: ")


def test_an_answer_of_its_extractor_is_read_on_the_text_it_was_about(tmp_path: Path) -> None:
    path = written(tmp_path / "answers" / "bac.json", ANSWER).parent

    documents = read_predictions(path, Format.CITRON, [Document(id="bac", text=TEXT)])

    assert documents == (Document(id="bac", text=TEXT, quotations=EXPECTED),)


def test_annotated_data_are_read_by_their_own_text_and_their_coreferences_are_speakers(tmp_path: Path) -> None:
    quote = {
        "id": 7,
        "cue": span("a dit", 62),
        "sources": [span("Elle", 57)],
        "coreferences": [span("Maëlle Kersauzon", 0)],
        "contents": [span("la route suffirait", 72)],
    }
    path = written(tmp_path / "bac.json", {"text": TEXT, "quotes": [quote], "coreference_groups": []})

    (document,) = read(path, Format.CITRON, {})

    assert document == Document(
        id="bac",
        text=TEXT,
        quotations=(
            Quotation(id="7", spans=(Span(72, 90),), cue=Span(62, 67), source=Span(57, 61), speaker_name="Maëlle Kersauzon"),
        ),
    )


def test_a_pronoun_that_is_not_resolved_names_nobody(tmp_path: Path) -> None:
    quote = {"cue": None, "sources": [span("Elle", 57)], "contents": [span("la route suffirait", 72)]}
    path = written(tmp_path / "bac.json", {"text": TEXT, "quotes": [quote]})

    (document,) = read(path, Format.CITRON, {})

    assert document.quotations == (Quotation(spans=(Span(72, 90),), source=Span(57, 61)),)


def test_several_sources_are_one_stretch_and_their_names_are_joined(tmp_path: Path) -> None:
    text = "Le maire et la préfète nient tout."
    quote = {"sources": [span("Le maire", 0), span("la préfète", 12)], "contents": [span("tout", 29)]}
    path = written(tmp_path / "x.json", {"text": text, "quotes": [quote]})

    (document,) = read(path, Format.CITRON, {})

    assert document.quotations == (Quotation(spans=(Span(29, 33),), source=Span(0, 22), speaker_name="Le maire et la préfète"),)


def test_annotated_data_on_another_state_of_a_text_are_moved_to_it(tmp_path: Path) -> None:
    quote = {
        "cue": span("prévenu", 21),
        "sources": [span("Maëlle Kersauzon", 2)],
        "contents": [span("« Le bac ne passera plus. »", 31)],
    }
    path = written(tmp_path / "bac.json", {"text": f"\n\n{TEXT}".replace("\u00a0", " "), "quotes": [quote]})

    (document,) = read(path, Format.CITRON, {"bac": TEXT})

    assert document.text == TEXT
    assert document.quotations == (
        Quotation(spans=EXPECTED[0].spans, cue=EXPECTED[0].cue, source=EXPECTED[0].source, speaker_name="Maëlle Kersauzon"),
    )


def test_words_that_are_not_in_the_text_are_faults_or_have_no_place(tmp_path: Path) -> None:
    wrong = json.loads(json.dumps(ANSWER))
    wrong["quotes"][0]["contents"][0]["text"] = "« Le bac passera. »"
    wrong["quotes"][1]["cue"]["text"] = "affirmé"
    path = written(tmp_path / "bac.json", wrong)

    with pytest.raises(InvalidDocuments) as caught:
        read(path, Format.CITRON, {"bac": TEXT})
    unplaced: list[Fault] = []
    (document,) = read(path, Format.CITRON, {"bac": TEXT}, unplaced=unplaced)

    assert [str(fault) for fault in unplaced] == [
        "document bac, quotes[0].contents[0]: its words are not in the text",
        "document bac, quotes[1].cue: its words are not in the text",
    ]
    assert caught.value.faults == tuple(unplaced)
    assert document.quotations == (replace(EXPECTED[1], cue=None), EXPECTED[2], replace(EXPECTED[0], spans=()))


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ([], "document bac, quotes: is missing or no list"),
        ({"quotes": {}}, "document bac, quotes: is missing or no list"),
        ({"quotes": [], "text": 1}, "document bac, text: is no string"),
        ({"quotes": ["x"]}, "document bac, quotes[0]: is no object"),
        ({"quotes": [{}]}, "document bac, quotes[0].contents: holds no span; a quotation has one at least"),
        ({"quotes": [{"contents": "x"}]}, "document bac, quotes[0].contents: is no list of spans"),
        ({"quotes": [{"contents": [{"text": "x"}]}]}, "document bac, quotes[0].contents[0]: is no span of start, end and text"),
        (
            {"quotes": [{"contents": [span("x", 10**400)]}]},
            "document bac, quotes[0].contents[0]: is no span of start, end and text",
        ),
        (
            {"quotes": [{"contents": [span("bac", 1)], "coreferences": ["x"]}]},
            "document bac, quotes[0].coreferences: is no list of spans",
        ),
        ({"quotes": [{"contents": [span("bac", 1)], "confidence": "sûr"}]}, "document bac, quotes[0].confidence: is no number"),
        (
            {"quotes": [{"contents": [span("bac", 1)], "confidence": 10**400}]},
            "document bac, quotes[0].confidence: is no number",
        ),
        (
            {"quotes": [{"contents": [span("bac", 1)], "confidence": True}]},
            "document bac, quotes[0].confidence: is no number",
        ),
        (
            {"quotes": [{"contents": [span("bac", 1)], "confidence": 7}]},
            "quotations[0].probability: is 7.0; a number from 0 to 1 is accepted",
        ),
    ],
)
def test_a_fault_is_said_with_its_field_and_reason(value: Any, fault: str, tmp_path: Path) -> None:
    path = written(tmp_path / "bac.json", value)

    assert fault in fault_of(path, {"bac": TEXT}).splitlines()[0]


def test_an_answer_whose_text_is_not_given_is_a_fault(tmp_path: Path) -> None:
    path = written(tmp_path / "quai.json", ANSWER)

    assert fault_of(path, {"bac": TEXT}) == (
        "document quai, text: is neither here nor, by the name of the file, among the texts that were given"
    )


def test_a_file_that_is_no_json_is_a_fault_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{\n "quotes": [\n', encoding="utf-8")
    (tmp_path / "b.json").write_bytes(b"\xff")

    assert fault_of(tmp_path).splitlines() == [
        "a.json: is cut off in the middle of a JSON value (line 3, column 1)",
        f"{tmp_path}: b.json: is not UTF-8: byte 0xFF at byte offset 0; UTF-8 is accepted",
    ]
