"""Spans and relations -> quotations."""

from collections.abc import Callable

import numpy as np
import pytest

from guillemet_models.attribution import Evidence, RelationProbabilities, attribute
from guillemet_models.document import EntityKind, QuotationType
from guillemet_models.pairing import Pairs
from guillemet_models.scheme import Relation

DIRECT, INDIRECT, MIXED = QuotationType.DIRECT, QuotationType.INDIRECT, QuotationType.MIXED
PERSON = EntityKind.PERSON
Read = Callable[..., Evidence]


def words(evidence: Evidence) -> list[list[str]]:
    return [[span.of(evidence.text.text) for span in quotation.spans] for quotation in attribute(evidence)]


def test_a_quotation_has_its_cue_and_its_source(reader: Read) -> None:
    evidence = reader(
        "« Nous irons », a dit Jean Dupont.",
        contents={"« Nous irons »": DIRECT},
        cues=["a dit"],
        sources=["Jean Dupont"],
        mentions={"Jean Dupont": PERSON},
        related=[(Relation.CUE, "« Nous irons »", "a dit"), (Relation.SOURCE, "« Nous irons »", "Jean Dupont")],
    )

    (quotation,) = attribute(evidence)

    assert words(evidence) == [["« Nous irons »"]]
    assert quotation.cue is not None
    assert quotation.source is not None
    assert evidence.spans[quotation.cue].of(evidence.text.text) == "a dit"
    assert evidence.spans[quotation.source].of(evidence.text.text) == "Jean Dupont"
    assert quotation.probability == pytest.approx(0.9)
    assert quotation.source_probability > 0.99


def test_a_quotation_of_which_nothing_is_said_has_neither_cue_nor_source(reader: Read) -> None:
    (quotation,) = attribute(reader("« Nous irons ».", contents={"« Nous irons »": DIRECT}))

    assert quotation.cue is None
    assert quotation.source is None


def test_two_parts_are_one_quotation(reader: Read) -> None:
    evidence = reader(
        "« Nous irons », a dit Jean Dupont, « demain matin ».",
        contents={"« Nous irons »": DIRECT, "« demain matin »": DIRECT},
        cues=["a dit"],
        sources=["Jean Dupont"],
        related=[
            (Relation.CONTINUES, "« demain matin »", "« Nous irons »"),
            (Relation.CUE, "« Nous irons »", "a dit"),
            (Relation.CUE, "« demain matin »", "a dit"),
            (Relation.SOURCE, "« Nous irons »", "Jean Dupont"),
            (Relation.SOURCE, "« demain matin »", "Jean Dupont"),
        ],
    )

    assert words(evidence) == [["« Nous irons »", "« demain matin »"]]


def test_two_parts_that_do_not_go_on_are_two_quotations(reader: Read) -> None:
    evidence = reader("« Un mot ». « Deux mots ».", contents={"« Deux mots »": DIRECT, "« Un mot »": DIRECT})

    assert words(evidence) == [["« Un mot »"], ["« Deux mots »"]]


def test_neighbours_in_one_pair_of_marks_are_one_quotation(reader: Read) -> None:
    text = "Il dit : « Nous irons. Vous aussi »."

    assert words(reader(text, contents={"« Nous irons": DIRECT, "Vous aussi »": DIRECT})) == [["« Nous irons. Vous aussi »"]]


@pytest.mark.parametrize(("one", "other"), [("« Oui »", "« Non »"), ("“Oui”", "“Non”")])
def test_pairs_of_marks_that_touch_hold_a_quotation_each(reader: Read, one: str, other: str) -> None:
    assert words(reader(f"Ils disent : {one}{other}.", contents={one: DIRECT, other: DIRECT})) == [[one], [other]]


@pytest.mark.parametrize("inner", ["« Il a dit “oui”", "« Il a dit oui."])
def test_marks_within_a_pair_do_not_part_neighbours(reader: Read, inner: str) -> None:
    text = f"Il dit : {inner} “Moi aussi”, a dit Anne »."
    contents = {inner: DIRECT, "“Moi aussi”, a dit Anne »": DIRECT}

    assert words(reader(text, contents=contents)) == [[f"{inner} “Moi aussi”, a dit Anne »"]]


@pytest.mark.parametrize("tagged", ["Nous irons tous demain", "« Nous irons tous demain »,", "irons tous demain"])
def test_direct_words_snap_to_their_marks(reader: Read, tagged: str) -> None:
    evidence = reader("Il a dit : « Nous irons tous demain », puis rien.", contents={tagged: DIRECT})

    assert words(evidence) == [["« Nous irons tous demain »"]]


def test_indirect_words_do_not_snap_and_lose_their_full_stop(reader: Read) -> None:
    evidence = reader("Il dit que le « pire » est passé.", contents={"le « pire » est passé.": MIXED})

    assert words(evidence) == [["le « pire » est passé"]]


@pytest.mark.parametrize("label", list(QuotationType))
def test_words_all_in_marks_are_direct_whatever_the_label(reader: Read, label: QuotationType) -> None:
    (quotation,) = attribute(reader("Il dit : « Nous irons ».", contents={"« Nous irons »": label}))

    assert quotation.type is DIRECT


@pytest.mark.parametrize("label", list(QuotationType))
def test_words_partly_in_marks_are_mixed_whatever_the_label(reader: Read, label: QuotationType) -> None:
    text = "Il dit que ce sera une « attaque » sans précédent."

    (quotation,) = attribute(reader(text, contents={"ce sera une « attaque » sans précédent": label}))

    assert quotation.type is MIXED


@pytest.mark.parametrize(("label", "expected"), [(DIRECT, DIRECT), (INDIRECT, INDIRECT), (MIXED, INDIRECT)])
def test_words_without_marks_are_as_labelled_but_never_mixed(
    reader: Read, label: QuotationType, expected: QuotationType
) -> None:
    (quotation,) = attribute(reader("Je suis venu hier soir.", contents={"Je suis venu hier soir": label}))

    assert quotation.type is expected


def test_the_marks_around_another_s_words_do_not_make_the_inner_ones_direct(reader: Read) -> None:
    outer = "« Paul dit que tout va bien »"
    evidence = reader(f"Anne : {outer}.", contents={outer: DIRECT}, nested=["tout va bien"])

    assert [quotation.type for quotation in attribute(evidence)] == [DIRECT, INDIRECT]


@pytest.mark.parametrize("inner", ["tout va", "tout va bien"])
def test_the_mark_that_closes_another_s_words_is_not_the_inner_ones_(reader: Read, inner: str) -> None:
    outer = "« Paul dit que tout va bien »"

    assert words(reader(f"Anne : {outer}.", contents={outer: DIRECT}, nested=[inner])) == [[outer], [inner]]


def test_nobody_goes_on_with_another_s_words(reader: Read) -> None:
    evidence = reader(
        "« Oui », dit Anne. Paul, lui : « Non ».",
        contents={"« Oui »": DIRECT, "« Non »": DIRECT},
        sources=["Anne", "Paul"],
        related=[
            (Relation.SOURCE, "« Oui »", "Anne"),
            (Relation.SOURCE, "« Non »", "Paul"),
            (Relation.CONTINUES, "« Non »", "« Oui »"),
        ],
    )

    assert words(evidence) == [["« Oui »"], ["« Non »"]]


def test_nobody_goes_on_with_another_s_words_behind_words_of_nobody(reader: Read) -> None:
    evidence = reader(
        "« Oui », dit Anne. « Peut-être ». « Non », dit Paul.",
        contents={"« Oui »": DIRECT, "« Peut-être »": DIRECT, "« Non »": DIRECT},
        sources=["Anne", "Paul"],
        related=[
            (Relation.SOURCE, "« Oui »", "Anne"),
            (Relation.SOURCE, "« Non »", "Paul"),
            (Relation.CONTINUES, "« Peut-être »", "« Oui »"),
            (Relation.CONTINUES, "« Non »", "« Peut-être »"),
        ],
    )

    assert words(evidence) == [["« Oui »", "« Peut-être »"], ["« Non »"]]


def test_marks_within_another_s_words_make_the_inner_ones_direct(reader: Read) -> None:
    outer = "« Paul dit : “tout va bien” »"
    evidence = reader(f"Anne : {outer}.", contents={outer: DIRECT}, nested=["“tout va bien”"])

    assert words(evidence) == [[outer], ["“tout va bien”"]]
    assert [quotation.type for quotation in attribute(evidence)] == [DIRECT, DIRECT]


def test_marks_that_are_an_inner_quotation_s_own_make_it_direct(reader: Read) -> None:
    outer = "elle aurait répondu : « Tout va bien »"
    evidence = reader(f"Selon Anne, {outer}.", contents={outer: INDIRECT}, nested=["« Tout va bien »"])

    assert [quotation.type for quotation in attribute(evidence)] == [MIXED, DIRECT]


def test_an_outer_and_an_inner_quotation_of_the_same_words_keep_the_outer_type(reader: Read) -> None:
    evidence = reader("« Tout va bien », dit-il.", contents={"« Tout va bien »": DIRECT}, nested=["« Tout va bien »"])

    assert [quotation.type for quotation in attribute(evidence)] == [DIRECT] * len(words(evidence))


def test_content_of_punctuation_only_is_no_quotation(reader: Read) -> None:
    assert attribute(reader("Il dit , et part.", contents={",": INDIRECT})) == []


def test_a_mention_that_meets_a_source_is_that_source(reader: Read) -> None:
    evidence = reader(
        "« Oui », dit le maire Jean Dupont.",
        sources=["le maire Jean Dupont"],
        mentions={"Jean Dupont": PERSON},
    )

    assert [evidence.spans[index].of(evidence.text.text) for index in range(len(evidence.found))] == ["le maire Jean Dupont"]


@pytest.mark.parametrize(
    ("source", "said", "left"),
    [
        ("la mairie de Val, Jean Roux et Zoé Li", "Jean Roux et Zoé Li ont refusé", "la mairie de Val"),
        ("la mairie de Val", "Jean Roux et Zoé Li ont refusé", "la mairie de Val"),
        ("Jean Roux", "Jean Roux et Zoé Li ont refusé", "Jean Roux"),  # within, as in words that report others'
    ],
)
def test_a_source_ends_where_what_is_said_begins(reader: Read, source: str, said: str, left: str) -> None:
    text = "Selon la mairie de Val, Jean Roux et Zoé Li ont refusé."
    evidence = reader(text, contents={said: INDIRECT}, sources=[source])

    found = [evidence.spans[index].of(text) for index in range(len(evidence.found))]

    assert sorted(found) == sorted([left, said])


def test_relations_of_a_first_span_are_a_distribution() -> None:
    pairs = Pairs(
        spans=np.zeros((3, 2), dtype=np.int64),
        kinds=np.zeros(3, dtype=np.int64),
        pairs=np.array([[1, 0], [1, 2], [2, 0]]),
        relations=np.array([Relation.SOURCE, Relation.SOURCE, Relation.CUE]),
        features=np.zeros((3, 7), dtype=np.int64),
    )
    relations = RelationProbabilities(pairs, np.log(np.array([1.0, 3.0, 5.0], dtype=np.float32)))

    assert relations.of(0, Relation.SOURCE) == pytest.approx({None: 0.25, 1: 0.75})
    assert relations.of(1, Relation.CUE) == pytest.approx({None: 1.0})
    assert relations.of(1, Relation.SOURCE) == {None: 1.0}
