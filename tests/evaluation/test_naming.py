"""Two forms are the same name if they fold to the same words."""

from collections.abc import Callable

import pytest

from guillemet_evaluation import Document, Entity, Quotation
from guillemet_evaluation.naming import Names, ascii_folded, folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoé Hamel", "ZOE HAMEL"),
        ("Mme Zoé Hamel", "Zoé Hamel"),
        ("le président Paul Le Goff", "Paul Le Goff"),
        ("l’Élan", "l'Elan"),
        ("Saint-Aubert", "Saint Aubert"),
        ("La Sœur du port", "soeur du port"),
        ("Groupe  Øresund", "groupe oresund"),
        ("les syndicats", "syndicats"),
    ],
)
def test_what_is_the_same_name(one: str, other: str) -> None:
    assert folded(one) == folded(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("Zoé Hamel", "Hamel"), ("Paul Le Goff", "Paul Goff"), ("Иван", "Олег"), ("le président", "la présidente")],
)
def test_what_is_another_name(one: str, other: str) -> None:
    assert folded(one) != folded(other)


def test_a_title_alone_is_a_name() -> None:
    assert folded("le ministre") == "ministre"
    assert folded("« … »") == ""


def test_through_ascii_an_apostrophe_joins_and_an_alphabet_vanishes() -> None:
    assert (folded("l’Élan"), ascii_folded("l’Élan"), ascii_folded("l'Élan")) == ("elan", "lelan", "elan")
    assert (folded("Sœur Иван"), ascii_folded("Sœur Иван")) == ("soeur иван", "sur")


def test_a_gold_speaker_goes_by_name_and_mentions(port: Document) -> None:
    names = Names(port, port.quotations, folded)

    assert names.speakers == ["zoe hamel", "zoe hamel", "maire"]
    assert names.accepts(0, folded("la présidente du Comptoir maritime"))
    assert not names.accepts(0, "hamel")
    assert not names.accepts(0, "")
    assert names.canonical("presidente du comptoir maritime") == "zoe hamel"
    assert names.canonical("quelqu un") == "quelqu un"


def test_nobody_goes_by_no_name(says: Callable[..., Quotation]) -> None:
    text = "« Oui. »"
    nobody = Names(Document(id="a", text=text), [says(text, text)], folded)

    assert nobody.accepts(0, "")
    assert not nobody.accepts(0, "ana roux")


def test_a_system_without_entities_names_the_speaker_itself(says: Callable[..., Quotation]) -> None:
    text = "« Oui. »"
    names = Names(Document(id="a", text=text), [says(text, text, speaker_name="Mme Ana Roux", institution="la CGT")], folded)

    assert (names.speakers, names.institutions) == (["ana roux"], ["cgt"])


def test_a_name_stands_for_its_own_entity_even_where_another_mentions_it(speaks: Callable[..., Entity]) -> None:
    text = "Le Comptoir, dit Luc Bas, tiendra."
    entities = (speaks(text, "Comptoir", "Comptoir"), speaks(text, "Luc Bas", "Luc Bas", "Comptoir", id="e2"))
    names = Names(Document(id="a", text=text, entities=entities), (), folded)

    assert names.canonical("comptoir") == "comptoir"
    assert names.by_form["comptoir"] == "luc bas"
