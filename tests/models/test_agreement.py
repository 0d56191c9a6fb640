"""What words show of gender and number."""

import pytest

from guillemet_models.agreement import Agreement, agreement, agreements


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("la porte-parole", Agreement.FEMININE),
        ("Le ministre", Agreement.MASCULINE),
        ("l avocate", Agreement.FEMININE),
        ("l association", Agreement.FEMININE),
        ("l avocat", Agreement.MASCULINE),
        ("l artiste", Agreement.UNKNOWN),
        ("Mme Le Roux", Agreement.FEMININE),
        ("MM Petit et Roux", Agreement.PLURAL),
        ("Jean Marie Roux", Agreement.MASCULINE),
        ("Éloïse Zorg", Agreement.UNKNOWN),
        ("Hélène Zorg", Agreement.FEMININE),
        ("l ancien ministre Zorg", Agreement.MASCULINE),
        ("deux témoins", Agreement.PLURAL),
        ("le professeur Hélène Zorg", Agreement.FEMININE),
        ("la star Paul Zorg", Agreement.MASCULINE),
        ("le fils d Hélène Zorg", Agreement.MASCULINE),
        ("la ministre Laurent", Agreement.FEMININE),
        ("Mme Claude Zorg", Agreement.FEMININE),
        ("Le Zorg", Agreement.UNKNOWN),
        ("Hélène Le Zorg", Agreement.FEMININE),
        ("Camille Laurent", Agreement.UNKNOWN),
        ("Laurent", Agreement.MASCULINE),
        ("t elle", Agreement.FEMININE),
        ("", Agreement.UNKNOWN),
    ],
)
def test_a_mention_shows_its_gender_and_number(words: str, shown: Agreement) -> None:
    assert agreement(words.split()) is shown


def test_what_one_mention_shows_holds_for_the_others_of_the_name() -> None:
    mentions = [["Zorg"], ["Mme", "Zorg"], ["Paul", "Petit"], ["Petit"], ["il"]]

    assert agreements(mentions) == [
        Agreement.FEMININE,
        Agreement.FEMININE,
        Agreement.MASCULINE,
        Agreement.MASCULINE,
        Agreement.MASCULINE,
    ]


def test_a_surname_alone_is_no_given_name() -> None:
    assert agreements([["Ana", "Laurent"], ["Laurent"], ["Bernard"]]) == [
        Agreement.FEMININE,
        Agreement.FEMININE,
        Agreement.MASCULINE,
    ]


def test_of_a_couple_the_name_alone_shows_nothing() -> None:
    assert agreements([["Ana", "Roux"], ["Paul", "Roux"], ["Roux"]])[2] is Agreement.UNKNOWN
