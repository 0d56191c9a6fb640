"""What a source is, and what it takes to get from it to the speaker."""

from collections.abc import Callable

import pytest

from guillemet_evaluation import Document, Entity, Quotation
from guillemet_evaluation.sources import RESOLUTIONS, is_pronoun, resolution, source_form

Says = Callable[..., Quotation]
Speaks = Callable[..., Entity]

# Text, source, the speaker's kind and name, and how the one is resolved to the other.
RESOLVED = [
    ("« Oui », dit Zoé Hamel.", "Zoé Hamel", "person Zoé Hamel", "name"),
    ("La présidente Zoé Hamel dit oui.", "La présidente Zoé Hamel", "person Zoé Hamel", "name"),
    ("Mme Hamel dit oui.", "Mme Hamel", "person Zoé Hamel", "surname"),
    ("M. de Kerlann dit oui.", "M. de Kerlann", "person Yann de Kerlann", "surname"),
    ("Jean-Yves dit oui.", "Jean-Yves", "person Jean-Yves Le Bihan", "first name"),
    ("« Oui », dit-elle.", "elle", "person Zoé Hamel", "clitic"),
    ("« Oui », a-t-elle ajouté.", "elle", "person Zoé Hamel", "clitic"),
    ("« Oui », pensent‑ils.", "ils", "group dockers", "clitic"),
    ("Elle dit oui.", "Elle", "person Zoé Hamel", "pronoun"),
    ("Oui, selon eux.", "eux", "group dockers", "pronoun"),
    ("- Il dit oui.", "Il", "person Zoé Hamel", "pronoun"),
    ("D'autres disent oui.", "D'autres", "", "pronoun"),
    ("Cette dernière dit oui.", "Cette dernière", "person Zoé Hamel", "ce dernier"),
    ("Celui-ci dit oui.", "Celui-ci", "institution Comptoir maritime", "ce dernier"),
    ("La porte-parole dit oui.", "La porte-parole", "person Zoé Hamel", "description"),
    ("Le PDG dit oui.", "Le PDG", "person Luc Bas", "description"),
    ("Le syndicat dit oui.", "Le syndicat", "institution Comptoir maritime", "description"),
    ("La rumeur dit oui.", "La rumeur", "", "description"),
    ("Le Comptoir maritime dit oui.", "Le Comptoir maritime", "institution Comptoir maritime", "institution"),
    ("Le ministère dit oui.", "Le ministère", "institution ministère de la Mer", "institution"),
    ("La FDQ dit oui.", "La FDQ", "institution FDQ", "institution"),
    ("La FDQ dit oui.", "La FDQ", "institution Fédération des quais", "acronym"),
    ("Selon Kervalon, oui.", "Kervalon", "institution gouvernement du Val", "metonym"),
    ("L'Abbaye dit oui.", "L'Abbaye", "institution présidence", "metonym"),
    ("Un récent sondage dit oui.", "Un récent sondage", "document récent sondage", "document"),
    ("L'inventaire dit oui.", "L'inventaire", "document inventaire", "document"),
    ("Le communiqué dit oui.", "Le communiqué", "institution Comptoir maritime", "document"),
    ("Les chiffres du Comptoir disent oui.", "Les chiffres du Comptoir", "institution Comptoir maritime", "document"),
    ("L'auteur du rapport dit oui.", "L'auteur du rapport", "person Luc Bas", "description"),
    ("Les dockers disent oui.", "Les dockers", "group dockers", "group"),
    ("Un témoin dit oui.", "Un témoin", "unnamed témoin", "unnamed"),
]


@pytest.mark.parametrize(("text", "source", "speaker", "expected"), RESOLVED)
def test_a_resolution_is_what_leads_from_the_source_to_the_speaker(
    text: str, source: str, speaker: str, expected: str, *, says: Says, speaks: Speaks
) -> None:
    kind, _, name = speaker.partition(" ")
    entity = speaks(text, name, kind=kind) if name else None

    assert resolution(Document(id="a", text=text), says(text, text, source=source), entity) == expected


def test_a_quotation_that_stands_free_has_no_source_to_resolve(says: Says, speaks: Speaks) -> None:
    text = "« Oui. »"

    assert resolution(Document(id="a", text=text), says(text, text), speaks(text, "Zoé Hamel")) == "none"


def test_a_system_without_entities_names_whom_a_source_is_resolved_to(says: Says) -> None:
    text = "« Oui », dit Mme Hamel."
    quotation = says(text, "« Oui »", source="Mme Hamel", speaker_name="Zoé Hamel")

    assert resolution(Document(id="a", text=text), quotation, None) == "surname"


def test_every_resolution_has_an_example() -> None:
    assert {expected for *_, expected in RESOLVED} | {"none"} == set(RESOLUTIONS)


@pytest.mark.parametrize("source", ["Elle", "-t-il", "l’on", "J’", "ceux-là", "ce dernier", "D’autres", "Lesquelles"])
def test_a_pronoun_describes_nobody(source: str) -> None:
    assert is_pronoun(source)


@pytest.mark.parametrize("source", ["la dernière", "tel", "Ilan", "elle et lui", "", "le maire"])
def test_what_describes_somebody_is_no_pronoun(source: str) -> None:
    assert not is_pronoun(source)


@pytest.mark.parametrize(
    ("source", "speaker", "form"),
    [
        (None, ("person", "Zoé Hamel"), "none"),
        ("Elle", ("person", "Zoé Hamel"), "pronoun"),
        ("celui-ci", ("person", "Zoé Hamel"), "pronoun"),
        ("Ce dernier", ("person", "Zoé Hamel"), "pronoun"),
        ("Mme Hamel", ("person", "Zoé Hamel"), "named"),
        ("La présidente", ("person", "Zoé Hamel"), "nominal"),
        ("l’Élysée", ("institution", "Élysée"), "named"),
        ("Le ministère", ("institution", "ministère de la Mer"), "nominal"),
        ("Marins et pilotes", ("group", "marins et pilotes"), "nominal"),
    ],
)
def test_a_source_is_a_name_a_noun_or_a_pronoun(
    source: str | None, speaker: tuple[str, str], form: str, says: Callable[..., Quotation], speaks: Callable[..., Entity]
) -> None:
    text = f"« Oui », dit {source}."
    quotation = says(text, "« Oui »", source=source, speaker="e1")
    kind, name = speaker

    assert source_form(Document(id="a", text=text), quotation, speaks(text, name, kind=kind)) == form
