"""BIO tags in columns, as CoNLL-U Plus has them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guillemet_client import QuotationType, Span
from guillemet_evaluation import Document, Quotation
from guillemet_evaluation.formats import Format, write

TEXT = "Qu’en dit-il ?\nNina assure qu’Abel « a ri »."


def columns(tmp_path: Path, *documents: Document) -> list[str]:
    write(documents, tmp_path / "x.conllup", Format.BIO)
    return (tmp_path / "x.conllup").read_text(encoding="utf-8").split("\n")


def test_a_token_a_line_a_blank_line_after_a_paragraph(tmp_path: Path) -> None:
    quotation = Quotation(type=QuotationType.MIXED, spans=(Span(30, 43),), cue=Span(20, 26), source=Span(15, 19))

    assert columns(tmp_path, Document(id="nina", text=TEXT, quotations=(quotation,))) == [
        "# global.columns = ID FORM GUILLEMET:BEGIN GUILLEMET:END GUILLEMET:CUE GUILLEMET:SOURCE GUILLEMET:QUOTATION",
        "# newdoc id = nina",
        "# text = Qu’en dit-il ?",
        "1\tQu’\t0\t3\tO\tO\tO",
        "2\ten\t3\t5\tO\tO\tO",
        "3\tdit\t6\t9\tO\tO\tO",
        "4\t-\t9\t10\tO\tO\tO",
        "5\til\t10\t12\tO\tO\tO",
        "6\t?\t13\t14\tO\tO\tO",
        "",
        "# text = Nina assure qu’Abel « a ri ».",
        "1\tNina\t15\t19\tO\tB-source\tO",
        "2\tassure\t20\t26\tB-cue\tO\tO",
        "3\tqu’\t27\t30\tO\tO\tO",
        "4\tAbel\t30\t34\tO\tO\tB-mixed",
        "5\t«\t35\t36\tO\tO\tI-mixed",
        "6\ta\t37\t38\tO\tO\tI-mixed",
        "7\tri\t39\t41\tO\tO\tI-mixed",
        "8\t»\t42\t43\tO\tO\tI-mixed",
        "9\t.\t43\t44\tO\tO\tO",
        "",
        "",
    ]


def test_what_overlaps_goes_to_a_further_column_in_all_documents(tmp_path: Path) -> None:
    nested = (Quotation(spans=(Span(15, 44),)), Quotation(type=QuotationType.DIRECT, spans=(Span(35, 43),)))
    plain = Document(id="b", text="Oui.")

    lines = columns(tmp_path, Document(id="a", text=TEXT, quotations=nested), plain)

    assert lines[0].endswith("GUILLEMET:QUOTATION GUILLEMET:QUOTATION2")
    tags = {line.split("\t")[1]: tuple(line.split("\t")[-2:]) for line in lines if "\t" in line}
    assert tags["Nina"] == ("B-quotation", "O")
    assert tags["«"] == ("I-quotation", "B-direct")
    assert tags["»"] == ("I-quotation", "I-direct")
    assert tags["Oui"] == ("O", "O")


def test_a_span_over_two_paragraphs_begins_anew_and_cuts_the_words_that_it_cuts(tmp_path: Path) -> None:
    quotation = Quotation(type=QuotationType.DIRECT, spans=(Span(7, 17),))

    lines = columns(tmp_path, Document(id="a", text=TEXT, quotations=(quotation,)))

    tagged = [(line.split("\t")[1], line.split("\t")[-1]) for line in lines if "\t" in line]
    assert tagged[2:10] == [
        ("d", "O"),
        ("it", "B-direct"),
        ("-", "I-direct"),
        ("il", "I-direct"),
        ("?", "I-direct"),
        ("Ni", "B-direct"),
        ("na", "O"),
        ("assure", "O"),
    ]


@pytest.mark.parametrize("id", ["a\nb", " a\tb "])
def test_an_id_stays_in_its_line(id: str, tmp_path: Path) -> None:
    assert columns(tmp_path, Document(id=id, text="Oui."))[1] == "# newdoc id = a b"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(["mot", "l’", " ", "\n", "\u2028", "\r\n", "🎤", "«", ".", "e\u0301"]), max_size=20).map("".join)
)
def test_every_character_that_is_no_white_space_is_in_one_token(text: str) -> None:
    with TemporaryDirectory() as folder:
        lines = columns(Path(folder), Document(id="x", text=text))

    fields: list[list[Any]] = [line.split("\t") for line in lines if "\t" in line]
    assert all(text[int(begin) : int(end)] == form for _, form, begin, end, *_ in fields)
    covered = [at for _, _, begin, end, *_ in fields for at in range(int(begin), int(end))]
    assert covered == [at for at, character in enumerate(text) if not character.isspace()]


def test_tags_of_gold_articles_mark_the_characters_of_their_quotations(
    tmp_path: Path, gold_documents: list[dict[str, Any]]
) -> None:
    documents = [Document.from_json(document) for document in gold_documents]

    lines = columns(tmp_path, *documents)

    n_before = lines[0].removeprefix("# global.columns = ").split().index("GUILLEMET:QUOTATION")
    marked: dict[str, set[int]] = {}
    own: set[int] = set()
    for line in lines:
        if line.startswith("# newdoc id = "):
            own = marked.setdefault(line.removeprefix("# newdoc id = "), set())
        elif "\t" in line and set(line.split("\t")[n_before:]) != {"O"}:
            own.update(range(*map(int, line.split("\t")[2:4])))
    for document in documents:
        spans = [span for quotation in document.quotations for span in quotation.spans]
        inside = {at for span in spans for at in range(*span) if not document.text[at].isspace()}
        assert marked[document.id] == inside
