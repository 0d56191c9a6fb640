"""brat's files as brat and people leave them, and as they are written for it."""

from pathlib import Path

import pytest

from guillemet_client import EntityKind, QuotationType, Span
from guillemet_evaluation import Document, Entity, Fault, InvalidDocuments, Quotation
from guillemet_evaluation.formats import Format, read, read_predictions, write

TEXT = "« Le pont, dit Odile Kervadec, tiendra. »\nElle a ajouté que la mairie paierait, selon le préfet et le maire."


def project(folder: Path, annotations: str, text: str = TEXT) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pont.txt").write_text(text, encoding="utf-8", newline="")
    (folder / "pont.ann").write_text(annotations, encoding="utf-8", newline="")
    return folder


def faults(path: Path) -> list[str]:
    with pytest.raises(InvalidDocuments) as caught:
        read(path, Format.BRAT, {})
    return str(caught.value).splitlines()


# As brat 1.3 and its users write: parts joined by a space, remarks, relations in any order.
ANNOTATED = """\
T1\tDirect_Quotation 0 9;31 41\t« Le pont tiendra. »
T2\tCue 11 14\tdit
T3\tAgent 15 29\tOdile Kervadec
R1\tQuoted_in Arg1:T3 Arg2:T1
R2\tIndicates Arg1:T2 Arg2:T1
#1\tAnnotatorNotes T1\tà revoir
T5\tSource_pronoun 42 46\tElle
T6\tCue 47 55\ta ajouté
T4\tIndirect_Quotation 60 78\tla mairie paierait
R3\tRefers Arg1:T5 Arg2:T3
R4\tQuoted_in Arg1:T5 Arg2:T4
R5\tIndicates Arg1:T6 Arg2:T4
T7\tOrganization 60 69\tla mairie
"""


def test_what_people_annotate_in_brat_is_read(tmp_path: Path) -> None:
    (document,) = read(project(tmp_path, ANNOTATED), Format.BRAT, {})

    assert document == Document(
        id="pont",
        text=TEXT,
        entities=(
            Entity(id="e1", kind=EntityKind.PERSON, name="Odile Kervadec", mentions=(Span(15, 29),)),
            Entity(id="e2", kind=EntityKind.INSTITUTION, name="la mairie", mentions=(Span(60, 69),)),
        ),
        quotations=(
            Quotation(
                type=QuotationType.DIRECT,
                spans=(Span(0, 9), Span(31, 41)),
                cue=Span(11, 14),
                source=Span(15, 29),
                speaker="e1",
            ),
            Quotation(type=QuotationType.INDIRECT, spans=(Span(60, 78),), cue=Span(47, 55), source=Span(42, 46), speaker="e1"),
        ),
    )


def test_one_annotation_file_is_read_with_the_text_beside_it(tmp_path: Path) -> None:
    (document,) = read(project(tmp_path, ANNOTATED) / "pont.ann", Format.BRAT, {})

    assert (document.id, len(document.quotations)) == ("pont", 2)


def test_annotation_files_with_other_line_ends_or_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    as_is = read(project(tmp_path / "a", ANNOTATED), Format.BRAT, {})
    of_windows = read(project(tmp_path / "b", "\ufeff" + ANNOTATED.replace("\n", "\r\n")), Format.BRAT, {})

    assert of_windows == as_is


@pytest.mark.parametrize("words", ["", "\t", "\t« Le pont tiendra. »", "\t« Le ponttiendra. »", "\t« Le  pont\u00a0tiendra. »"])
def test_the_words_of_an_annotation_may_be_missing_or_differ_in_white_space(words: str, tmp_path: Path) -> None:
    (document,) = read(project(tmp_path, f"T1\tDirect_Quotation 0 9;31 41{words}\n"), Format.BRAT, {})

    assert document.quotations[0].spans == (Span(0, 9), Span(31, 41))


def test_mentions_in_an_equiv_are_one_entity_that_its_note_describes(tmp_path: Path) -> None:
    annotations = """\
T1\tAgent 86 95\tle préfet
T2\tAgent 15 29\tOdile Kervadec
*\tEquiv T1 T2
A1\tKind T1 unnamed
#1\tAnnotatorNotes T2\t{"role": "préfet", "institution": "préfecture"}
"""
    (document,) = read(project(tmp_path, annotations), Format.BRAT, {})

    assert document.entities == (
        Entity(
            id="e1",
            kind=EntityKind.UNNAMED,
            name="Odile Kervadec",
            role="préfet",
            institution="préfecture",
            mentions=(Span(15, 29), Span(86, 95)),
        ),
    )


def test_two_sources_in_a_line_are_one_stretch_and_their_speaker_a_group(tmp_path: Path) -> None:
    annotations = """\
T1\tIndirect_Quotation 60 78\tla mairie paierait
T2\tAgent 86 95\tle préfet
T3\tAgent 99 107\tle maire
R1\tQuoted_in Arg1:T2 Arg2:T1
R2\tQuoted_in Arg1:T3 Arg2:T1
"""
    (document,) = read(project(tmp_path, annotations), Format.BRAT, {})

    (quotation,) = document.quotations
    assert quotation.source == Span(86, 107)
    assert document.entities[-1] == Entity(id="e3", kind=EntityKind.GROUP, name="le préfet et le maire")
    assert quotation.speaker == "e3"


def test_of_sources_on_both_sides_of_the_content_the_first_is_the_source(tmp_path: Path) -> None:
    annotations = """\
T1\tIndirect_Quotation 60 78\tla mairie paierait
T2\tSource_pronoun 42 46\tElle
T3\tAgent 99 107\tle maire
R1\tQuoted_in Arg1:T3 Arg2:T1
R2\tQuoted_in Arg1:T2 Arg2:T1
"""
    (document,) = read(project(tmp_path, annotations), Format.BRAT, {})

    assert document.quotations[0].source == Span(42, 46)
    assert document.quotations[0].speaker == "e1"


def test_a_pronoun_of_two_antecedents_speaks_for_a_group(tmp_path: Path) -> None:
    annotations = """\
T1\tIndirect_Quotation 60 78\tla mairie paierait
T2\tSource_pronoun 42 46\tElle
T3\tAgent 86 95\tle préfet
T4\tAgent 99 107\tle maire
R1\tQuoted_in Arg1:T2 Arg2:T1
R2\tRefers Arg1:T2 Arg2:T3
R3\tRefers Arg1:T2 Arg2:T4
"""
    (document,) = read(project(tmp_path, annotations), Format.BRAT, {})

    assert [entity.name for entity in document.entities] == ["le préfet", "le maire", "le préfet et le maire"]
    assert document.quotations[0].speaker == document.entities[2].id


def test_pronouns_that_refer_to_each_other_stand_for_nobody(tmp_path: Path) -> None:
    annotations = """\
T1\tIndirect_Quotation 60 78\tla mairie paierait
T2\tSource_pronoun 42 46\tElle
T3\tSource_pronoun 45 46\te
R1\tQuoted_in Arg1:T2 Arg2:T1
R2\tRefers Arg1:T2 Arg2:T3
R3\tRefers Arg1:T3 Arg2:T2
"""
    (document,) = read(project(tmp_path, annotations), Format.BRAT, {})

    assert (document.quotations[0].source, document.quotations[0].speaker) == (Span(42, 46), None)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("T1 Agent 15 29\tOdile Kervadec", "line 1, document pont: is nothing that can be read; text-bound annotations,"),
        ("E1\tSay:T1", "line 1, document pont: is nothing that can be read"),
        ("N1\tReference T1 Wikidata:Q1\tOdile", "line 1, document pont: is nothing that can be read"),
        ("A1\tNegation T1", "line 1, document pont: is nothing that can be read"),
        (
            "T1\tAgent 15 290\tOdile",
            "line 1, document pont: T1: [15, 290] is reversed or lies outside the text of 108 characters",
        ),
        (
            "T1\tAgent 29 15\tOdile",
            "line 1, document pont: T1: [29, 15] is reversed or lies outside the text of 108 characters",
        ),
        (
            "T1\tAgent 16 30\tOdile Kervadec",
            "line 1, document pont: T1: its words are not those of the text at its offsets, which",
        ),
        (
            "T1\tAgent 15 290\nT2\tAgent 15 29\n*\tEquiv T1 T2",
            "line 1, document pont: T1: [15, 290] is reversed or lies outside",
        ),
        ("T1\tPerson 15 29\tOdile Kervadec", "line 1, document pont: is 'Person'; Agent, Article, Cue,"),
        ("T1\tAgent 15 29\nT1\tAgent 15 29", "line 2, document pont: T1 is there twice; each has its own id"),
        ("T1\tAgent 15 29\nR1\tQuoted_in Arg1:T1 Arg2:T9", "line 2, document pont: leads to 'T9', which does not exist"),
        ("T1\tAgent 15 29\nR1\tCites Arg1:T1 Arg2:T1", "line 2, document pont: is 'Cites'; Quoted_in, Indicates, Refers,"),
        (
            "T1\tAgent 15 29\nT2\tCue 11 14\nR1\tQuoted_in Arg1:T2 Arg2:T1",
            "line 3, document pont: Quoted_in joins Cue; from Agent or Group_of_people or Organization or Source or",
        ),
        ("T1\tCue 11 14\n*\tEquiv T1 T1", "line 2, document pont: Equiv joins Cue; from Agent or"),
        ("A1\tKind T1 unnamed", "line 1, document pont: is about 'T1', which does not exist"),
        ("T1\tAgent 15 29\nA1\tKind T1 robot", "document pont, entities[0].kind: is robot; person, institution,"),
        ("T1\tCue 11 14\nA1\tKind T1 unnamed", "line 1, document pont: has a note of 'kind'; none is accepted there"),
        (
            'T1\tAgent 15 29\n#1\tAnnotatorNotes T1\t{"name": 1',
            "line 2, document pont: the note of T1 is cut off in the middle",
        ),
        (
            'T1\tAgent 15 29\n#1\tAnnotatorNotes T1\t{"name": 1}',
            "document pont, entities[0].name: is a number; a string is accepted",
        ),
        (
            'T1\tAgent 15 29\n#1\tAnnotatorNotes T1\t{"nom": "O."}',
            "line 1, document pont: has a note of 'nom'; id, institution,",
        ),
        (
            'T1\tAgent 15 29\n#1\tAnnotatorNotes T1\t{"name": "O."}\n#2\tAnnotatorNotes T1\t{"name": "K."}',
            "line 3, document pont: says the name of T1 once more",
        ),
        (
            (
                'T1\tAgent 15 29\nT2\tAgent 86 95\n*\tEquiv T1 T2\n#1\tAnnotatorNotes T1\t{"name": "O."}'
                '\n#2\tAnnotatorNotes T2\t{"name": "K."}'
            ),
            "line 2, document pont: has another name than another mention of the same entity; one is accepted",
        ),
    ],
)
def test_a_fault_is_said_with_its_line_and_reason(line: str, fault: str, tmp_path: Path) -> None:
    found = faults(project(tmp_path, f"{line}\n") / "pont.ann")

    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path / 'pont.ann'}: {fault}")


def test_all_faults_of_a_folder_are_said_together(tmp_path: Path) -> None:
    project(tmp_path, "rien\nT1\tAgent 1 999\n")
    (tmp_path / "alone.txt").write_text("Rien.", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes("é".encode("latin-1"))
    (tmp_path / "latin.ann").write_text("", encoding="utf-8")
    (tmp_path / "orphan.ann").write_text("", encoding="utf-8")

    assert [fault.removeprefix(f"{tmp_path}: ") for fault in faults(tmp_path)] == [
        "latin.txt: is not UTF-8: byte 0xE9 at byte offset 0; UTF-8 is accepted",
        "orphan.txt: cannot be read (No such file or directory)",
        (
            "pont.ann, line 1, document pont: is nothing that can be read; text-bound annotations, relations, Equiv, the"
            " attribute Kind and notes are accepted"
        ),
        "pont.ann, line 2, document pont: T1: [1, 999] is reversed or lies outside the text of 108 characters",
        "alone.txt: has no alone.ann beside it; an empty one stands for a text without quotations",
    ]


def test_a_folder_without_annotation_files_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path) == [f"{tmp_path}: holds no .ann file"]


QUOTATION = Quotation(type=QuotationType.DIRECT, spans=(Span(0, 41),))


def test_a_stretch_over_several_lines_is_written_a_part_a_line(tmp_path: Path) -> None:
    text = "« Un.\n\n\t Deux. »\r\nTrois."
    document = Document(id="suite", text=text, quotations=(Quotation(spans=(Span(0, 16),)),))

    write([document], tmp_path / "brat", Format.BRAT)

    lines = (tmp_path / "brat" / "suite.ann").read_text(encoding="utf-8").splitlines()
    assert lines == ["T1\tQuotation 0 5;8 16\t« Un.  Deux. »"]
    assert (tmp_path / "brat" / "suite.txt").read_bytes() == text.encode()


def test_ids_that_are_no_file_names_come_back(tmp_path: Path) -> None:
    ids = ["2024/05/pont.txt", "..", "a%2Fb", "C:\\x", "tab\there", "é"]

    write([Document(id=name, text=TEXT, quotations=(QUOTATION,)) for name in ids], tmp_path / "brat", Format.BRAT)

    assert sorted(document.id for document in read(tmp_path / "brat", Format.BRAT, {})) == sorted(ids)


def test_files_in_folders_below_are_documents_of_the_folder(tmp_path: Path) -> None:
    project(tmp_path / "mai", ANNOTATED)
    project(tmp_path / "juin", ANNOTATED)

    assert [document.id for document in read(tmp_path, Format.BRAT, {})] == ["juin/pont", "mai/pont"]


def test_a_span_that_brat_cannot_show_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    blank = Document(id="vide", text="Un.\n \nDeux.", quotations=(Quotation(spans=(Span(3, 6),)),))

    with pytest.raises(InvalidDocuments, match=r"document vide: has a span without a word, \[3, 6\], which brat cannot show"):
        write([blank], tmp_path / "brat", Format.BRAT)

    assert not (tmp_path / "brat").exists()


def test_the_configuration_names_every_label_and_relation_that_is_written(
    tmp_path: Path, gold_documents: list[dict[str, object]]
) -> None:
    write([Document.from_json(document) for document in gold_documents], tmp_path, Format.BRAT)

    configured = (tmp_path / "annotation.conf").read_text(encoding="utf-8")
    labels = {line.split("\t")[0] for line in configured.splitlines()}
    lines = [line for path in tmp_path.glob("*.ann") for line in path.read_text(encoding="utf-8").splitlines()]
    written = {line.split("\t")[1].split()[0] for line in lines if not line.startswith("#")}
    assert written >= {
        "Direct_Quotation",
        "Agent",
        "Cue",
        "Source_pronoun",
        "Quoted_in",
        "Refers",
        "Speaks_in",
        "Equiv",
        "Kind",
    }
    assert written <= labels


def test_annotations_of_another_state_of_the_gold_text_are_moved_to_it(tmp_path: Path) -> None:
    gold = Document(id="pont", text=f"\ufeffAvant-propos.\r\n{TEXT}".replace("\n", "\r\n"))

    (document,) = read_predictions(project(tmp_path, ANNOTATED), Format.BRAT, [gold])

    assert document.text == gold.text
    assert [span.of(gold.text) for span in document.quotations[0].spans] == ["« Le pont", "tiendra. »"]
    assert [mention.of(gold.text) for entity in document.entities for mention in entity.mentions] == [
        "Odile Kervadec",
        "la mairie",
    ]


def test_annotations_whose_words_the_gold_text_does_not_hold_have_no_place(tmp_path: Path) -> None:
    gold = Document(id="pont", text=TEXT.replace("la mairie paierait", "le port paiera").replace("Elle", "Elle-même"))

    unplaced: list[Fault] = []
    (document,) = read_predictions(project(tmp_path, ANNOTATED), Format.BRAT, [gold], unplaced=unplaced)

    assert [len(quotation.spans) for quotation in document.quotations] == [2, 0]
    assert [len(entity.mentions) for entity in document.entities] == [1, 0]
    assert [str(fault) for fault in unplaced] == [
        "document pont, entities[1].mentions[0]: its words are not in the text",
        "document pont, quotations[1].spans[0]: its words are not in the text",
    ]
