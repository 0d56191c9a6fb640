"""What an institution is called in full, and what is none."""

from collections.abc import Callable

import pytest

from guillemet_models.attribution import Evidence, attribute
from guillemet_models.coreference import resolve
from guillemet_models.document import EntityKind, QuotationType
from guillemet_models.scheme import Relation

Read = Callable[..., Evidence]


def institution_of(evidence: Evidence) -> str | None:
    """Return that of the one who speaks."""
    _, (entity,) = resolve(evidence, attribute(evidence))
    return entity.institution.of(evidence.text.text) if entity.institution else None


@pytest.mark.parametrize(
    ("told", "institutions", "expected"),
    [
        ("La Caisse du Nord (CDN) ferme.", ["Caisse du Nord", "CDN"], "Caisse du Nord"),
        ("La Caisse du Nord (CDN) ferme.", ["CDN"], "Caisse du Nord"),  # nobody tagged what stands before the brackets
        ("La Caisse du Nord ferme.", ["Caisse du Nord", "CDN"], "Caisse du Nord"),
        ("Elle (CDN) existe. La Caisse du Nord ferme.", ["Caisse du Nord", "CDN"], "Caisse du Nord"),
        ("La Caisse d'épargne ferme.", ["Caisse d'épargne", "CDN"], "CDN"),  # other initials
        ("Anne Roux (CDN) arrive.", ["CDN"], "CDN"),  # a person is no institution in full
        ("La caisse (CDN) ferme.", ["CDN"], "CDN"),
        ("Le port (CDN) ferme.", ["port", "CDN"], "CDN"),  # no letter of it
        ("La Caisse du Nord\u00a0(CDN) ferme.", ["CDN"], "Caisse du Nord"),
        ("Anne Roux (CDN) arrive. La Caisse du Nord (CDN) ferme.", ["CDN"], "Caisse du Nord"),
        ("Une élue (CDN) arrive.", ["CDN"], "CDN"),
    ],
)
def test_an_acronym_stands_for_the_name_that_the_text_has(
    reader: Read, told: str, institutions: list[str], expected: str
) -> None:
    people = ["Anne Roux"] if "Roux" in told else []
    evidence = reader(
        f"« Oui », dit Paul Petit, de la CDN. {told}",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Paul Petit"],
        mentions=dict.fromkeys(["Paul Petit", *people], EntityKind.PERSON),
        names=["Paul Petit", *people],
        institutions=institutions,
        related=[(Relation.SOURCE, "« Oui »", "Paul Petit"), (Relation.INSTITUTION, "Paul Petit", "CDN")],
    )

    assert institution_of(evidence) == expected


@pytest.mark.parametrize(("bracket", "expected"), [("Brest", "Brest"), ("Hoba", "hôpital Bel-Air")])
def test_a_word_in_brackets_is_short_for_a_name_that_has_its_letters(reader: Read, bracket: str, expected: str) -> None:
    evidence = reader(
        f"« Oui », dit Paul Petit, de {bracket}. L'hôpital Bel-Air ({bracket}) ferme.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Paul Petit"],
        mentions={"Paul Petit": EntityKind.PERSON, "L'hôpital Bel-Air": EntityKind.INSTITUTION},
        names=["Paul Petit"],
        institutions=["hôpital Bel-Air", bracket],
        related=[(Relation.SOURCE, "« Oui »", "Paul Petit"), (Relation.INSTITUTION, "Paul Petit", bracket)],
    )

    assert institution_of(evidence) == expected


@pytest.mark.parametrize(
    ("mention", "kind"),
    [("la rectrice", EntityKind.PERSON), ("Les recteurs", EntityKind.GROUP), ("La revue", EntityKind.INSTITUTION)],
)
def test_an_acronym_is_short_for_institutions_alone_and_never_for_an_article(
    reader: Read, mention: str, kind: EntityKind
) -> None:
    evidence = reader(
        f"« Oui », dit Paul Petit, député LR. {mention} se tait.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Paul Petit"],
        mentions={"Paul Petit": EntityKind.PERSON, mention: kind},
        institutions=["LR"],
        related=[(Relation.SOURCE, "« Oui »", "Paul Petit"), (Relation.INSTITUTION, "Paul Petit", "LR")],
    )

    assert institution_of(evidence) == "LR"


def test_a_part_of_somebody_s_name_is_no_institution(reader: Read) -> None:
    evidence = reader(
        "« Oui », dit Anne Le Zorg.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Anne Le Zorg"],
        mentions={"Anne Le Zorg": EntityKind.PERSON},
        names=["Anne Le Zorg"],
        institutions=["Zorg"],
        related=[(Relation.SOURCE, "« Oui »", "Anne Le Zorg"), (Relation.INSTITUTION, "Anne Le Zorg", "Zorg")],
    )

    assert institution_of(evidence) is None


@pytest.mark.parametrize("tagged", ["CDN) du Nord", "CDN)", "CDN"])
def test_what_stands_behind_a_bracket_that_is_not_the_name_s_is_left_out(reader: Read, tagged: str) -> None:
    evidence = reader(
        "« Oui », dit Paul Petit, député (CDN) du Nord.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Paul Petit"],
        mentions={"Paul Petit": EntityKind.PERSON},
        institutions=[tagged],
        related=[(Relation.SOURCE, "« Oui »", "Paul Petit"), (Relation.INSTITUTION, "Paul Petit", tagged)],
    )

    assert institution_of(evidence) == "CDN"


def test_an_institution_is_called_in_full(reader: Read) -> None:
    evidence = reader(
        "La Caisse du Nord (CDN) ferme. « Oui », dit la CDN hier.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["la CDN"],
        mentions={"la CDN": EntityKind.INSTITUTION},
        institutions=["CDN"],
        related=[(Relation.SOURCE, "« Oui »", "la CDN")],
    )
    _, (entity,) = resolve(evidence, attribute(evidence))

    assert entity.name.of(evidence.text.text) == "Caisse du Nord"
    assert entity.institution == entity.name


def test_letters_that_words_leave_out_are_no_initials(reader: Read) -> None:
    evidence = reader(
        "« Oui », dit Paul Petit, de LaNV. Le Conseil de La Nouvelle Voie (LaNV) se réunit.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Paul Petit"],
        mentions={"Paul Petit": EntityKind.PERSON},
        institutions=["LaNV"],
        related=[(Relation.SOURCE, "« Oui »", "Paul Petit"), (Relation.INSTITUTION, "Paul Petit", "LaNV")],
    )

    assert institution_of(evidence) == "La Nouvelle Voie"


def test_a_name_and_its_acronym_are_one_institution(reader: Read) -> None:
    evidence = reader(
        "La Caisse du Nord (CDN) et le Port. « Oui », dit Paul Petit.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Paul Petit"],
        mentions={"Paul Petit": EntityKind.PERSON},
        institutions=["Caisse du Nord", "CDN", "Port"],
        related=[
            (Relation.SOURCE, "« Oui »", "Paul Petit"),
            # Each is as likely as the other, and both together likelier than not.
            (Relation.INSTITUTION, "Paul Petit", "Caisse du Nord"),
            (Relation.INSTITUTION, "Paul Petit", "CDN"),
        ],
    )

    assert institution_of(evidence) == "Caisse du Nord"


def test_who_is_named_is_no_institution(reader: Read) -> None:
    evidence = reader(
        "Le président du centre Anne Roux arrive. « Oui », dit Paul Petit.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Paul Petit"],
        mentions={"Le président du centre Anne Roux": EntityKind.PERSON, "Paul Petit": EntityKind.PERSON},
        names=["Anne Roux", "Paul Petit"],
        institutions=["Anne Roux"],
        related=[(Relation.SOURCE, "« Oui »", "Paul Petit"), (Relation.INSTITUTION, "Paul Petit", "Anne Roux")],
    )

    assert institution_of(evidence) is None


def test_a_bracket_that_opens_elsewhere_is_no_part_of_a_name(reader: Read) -> None:
    evidence = reader(
        "La Caisse du Nord (CDN) ferme. « Oui », dit Paul Petit.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Paul Petit"],
        mentions={"Paul Petit": EntityKind.PERSON},
        institutions=["CDN)"],
        related=[(Relation.SOURCE, "« Oui »", "Paul Petit"), (Relation.INSTITUTION, "Paul Petit", "CDN)")],
    )

    assert institution_of(evidence) == "Caisse du Nord"


@pytest.mark.parametrize(
    ("office", "tagged"),
    [("député", "CDN du Nord"), ("députée", "CDN d'Orne"), ("conseillère municipale", "CDN de Brévin")],
)
def test_the_place_of_an_office_is_no_part_of_a_party(reader: Read, office: str, tagged: str) -> None:
    evidence = reader(
        f"« Oui », dit Paul Petit, {office} {tagged}. « Non », répond la mairie.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["Paul Petit"],
        mentions={"Paul Petit": EntityKind.PERSON},
        institutions=[tagged],
        related=[(Relation.SOURCE, "« Oui »", "Paul Petit"), (Relation.INSTITUTION, "Paul Petit", tagged)],
    )

    assert institution_of(evidence) == "CDN"


@pytest.mark.parametrize(("kind", "expected"), [(EntityKind.GROUP, None), (EntityKind.INSTITUTION, "syndicats")])
def test_none_but_an_institution_speaks_for_itself(reader: Read, kind: EntityKind, expected: str | None) -> None:
    evidence = reader(
        "« Oui », disent les syndicats.",
        contents={"« Oui »": QuotationType.DIRECT},
        sources=["les syndicats"],
        mentions={"les syndicats": kind},
        institutions=["syndicats"],
        related=[(Relation.SOURCE, "« Oui »", "les syndicats"), (Relation.INSTITUTION, "les syndicats", "syndicats")],
    )

    assert institution_of(evidence) == expected
