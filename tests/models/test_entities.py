"""What an entity is called, what it is, and for whom it speaks."""

from collections.abc import Callable, Sequence

import pytest

from guillemet_models.attribution import Evidence, attribute
from guillemet_models.coreference import resolve
from guillemet_models.document import Document, EntityKind, QuotationType
from guillemet_models.scheme import Relation

DIRECT = QuotationType.DIRECT
PERSON, INSTITUTION, GROUP, UNNAMED = EntityKind.PERSON, EntityKind.INSTITUTION, EntityKind.GROUP, EntityKind.UNNAMED
Read = Callable[..., Evidence]


def resolved(evidence: Evidence) -> Document:
    quotations, entities = resolve(evidence, attribute(evidence))
    return Document(text=evidence.text.text, quotations=quotations, entities=entities)


def spoken_by(source: str, kind: EntityKind, reader: Read, *, names: Sequence[str] = ()) -> Document:
    return resolved(
        reader(
            f"« Oui », dit {source}.",
            contents={"« Oui »": DIRECT},
            sources=[source],
            mentions={source: kind},
            names=names,
            related=[(Relation.SOURCE, "« Oui »", source)],
        )
    )


@pytest.mark.parametrize(
    ("mention", "kind", "name"),
    [
        ("M. Jean Dupont", PERSON, "Jean Dupont"),
        ("Mme Dupont", PERSON, "Dupont"),
        ("le docteur Dupont", PERSON, "Dupont"),
        ("le Dr Dupont", PERSON, "Dupont"),
        ("les syndicats", GROUP, "syndicats"),
        ("l’Élysée", INSTITUTION, "Élysée"),
        ("d'autres témoins", GROUP, "autres témoins"),
        ("d’autres", GROUP, "d’autres"),
        ("Le Monde", INSTITUTION, "Monde"),
        ("les chiffres provisoires de l'Insee", INSTITUTION, "Insee"),
        ("un récent sondage Ifop du 3 mai", INSTITUTION, "Ifop"),
        ("une étude Sondis pour La Gazette", INSTITUTION, "Sondis"),
        ("le bilan de l'épidémie publié mardi par la Direction de la santé", INSTITUTION, "Direction de la santé"),
        ("l'étude de l'Insee publiée par Le Monde", INSTITUTION, "Insee"),
        ("un communiqué de presse de la préfecture", INSTITUTION, "préfecture"),
        ("un communiqué de presse", INSTITUTION, "communiqué de presse"),
        ("un sondage publié dimanche par l'agence de presse Alizé", INSTITUTION, "agence de presse Alizé"),
        ("un rapport de l'Insee relayé par La Gazette", INSTITUTION, "Insee"),
        ("l'étude d'un cercle de réflexion", INSTITUTION, "cercle de réflexion"),
        ("le Premier ministre", PERSON, "Premier ministre"),
        ("le Premier ministre Jean Dupont", PERSON, "Jean Dupont"),
        ("la Présidente Roux", PERSON, "Roux"),
        ("un rapport d'étape du ministère de la Santé", INSTITUTION, "ministère de la Santé"),
        ("le rapport de la Fondation pour le logement", INSTITUTION, "Fondation pour le logement"),
        ("les prévisions de l'Insee pour l'année", INSTITUTION, "Insee"),
        ("Jean\u2011Pierre Dupont", PERSON, "Jean\u2011Pierre Dupont"),
        ("Mme von der Weide", PERSON, "von der Weide"),
        ("Juan del Monte", PERSON, "Juan del Monte"),
        ("Guillaume de l'Étang", PERSON, "Guillaume de l'Étang"),
        ("l'œnologue Jean Dupont", PERSON, "Jean Dupont"),
        ("M.Dupont", PERSON, "Dupont"),
        ("J.-P. Dupont", PERSON, "J.-P. Dupont"),
        ("J.-Pierre Dupont", PERSON, "J.-Pierre Dupont"),
        ("Jean Dupont de l'OMED", PERSON, "Jean Dupont"),
        ("UDX Jean Dupont", PERSON, "Jean Dupont"),
        ("JEAN DUPONT", PERSON, "JEAN DUPONT"),
        ("Jean Dupont. Le maire", PERSON, "Jean Dupont"),
        ("Monseigneur Dupont", PERSON, "Dupont"),
        ("la Lettre d'Orne", INSTITUTION, "Lettre d'Orne"),
        ("le rapport", INSTITUTION, "rapport"),
        ("l'Union des Pêcheurs (UDP)", INSTITUTION, "Union des Pêcheurs"),
        ("Paul (le frère)", PERSON, "Paul"),
        ("le collègue Jean Dupont", PERSON, "Jean Dupont"),
        ("votre voisine", PERSON, "voisine"),
        ("les élus", GROUP, "élus"),
        ("ses élus", GROUP, "élus"),
        ("quelques élus", GROUP, "quelques élus"),  # not all of them
        ("les quelques élus", GROUP, "quelques élus"),
        ("Celle qui dirige le port", PERSON, "Celle qui dirige le port"),
        ("les propos de Jean Dupont", PERSON, "Jean Dupont"),
        ("le long récit de Mme von der Weide", PERSON, "von der Weide"),
        ("les déclarations du maire de Brest", UNNAMED, "maire de Brest"),
        ("le témoignage d'une voisine", UNNAMED, "voisine"),
        ("l'une des voisines", PERSON, "l'une des voisines"),
        ("une de nos voisines", PERSON, "une de nos voisines"),
        ("une députée UDX", PERSON, "députée UDX"),
        ("Anne Petit/Roux", PERSON, "Anne Petit/Roux"),
        ("Anne \u00adPetit", PERSON, "Anne \u00adPetit"),
        ("de nouvelles révélations du Phare", INSTITUTION, "Phare"),
        ("He\u0301le\u0300ne Be\u0301ranger", PERSON, "He\u0301le\u0300ne Be\u0301ranger"),
        ("Paul", PERSON, "Paul"),
    ],
)
def test_a_name_is_without_determiner_and_civility(reader: Read, mention: str, kind: EntityKind, name: str) -> None:
    document = spoken_by(mention, kind, reader)

    assert document.entities[0].name.of(document.text) == name


@pytest.mark.parametrize(
    ("mention", "tagged"), [("le général de Rivière", "de Rivière"), ("d'Orival", "d'Orival"), ("Le Zorg", "Le Zorg")]
)
def test_a_tagged_name_keeps_what_it_begins_with(reader: Read, mention: str, tagged: str) -> None:
    document = spoken_by(mention, PERSON, reader, names=[tagged])

    assert document.entities[0].name.of(document.text) == tagged


@pytest.mark.parametrize("pronoun", ["l'on", "-t-il", "t-elle", "cela", "lequel"])
def test_a_pronoun_names_nobody(reader: Read, pronoun: str) -> None:
    document = resolved(
        reader(
            f"« Oui », dit {pronoun} hier.",
            contents={"« Oui »": DIRECT},
            sources=[pronoun],
            mentions={pronoun: PERSON},
            related=[(Relation.SOURCE, "« Oui »", pronoun)],
        )
    )

    assert document.entities == ()


def test_whom_a_text_was_for_is_not_its_issuer(reader: Read) -> None:
    document = resolved(
        reader(
            "« Oui », dit une étude de Sondis pour La Gazette.",
            contents={"« Oui »": DIRECT},
            sources=["une étude de Sondis pour La Gazette"],
            mentions={"une étude de Sondis pour La Gazette": INSTITUTION},
            names=["La Gazette"],
            related=[(Relation.SOURCE, "« Oui »", "une étude de Sondis pour La Gazette")],
        )
    )

    assert document.entities[0].name.of(document.text) == "Sondis"


def test_the_fullest_tagged_name_of_all_mentions_is_the_name(reader: Read) -> None:
    document = resolved(
        reader(
            "Le secrétaire général Nikolaï Patrouchev arrive. « Non », a dit M. Patrouchev hier.",
            contents={"« Non »": DIRECT},
            sources=["M. Patrouchev"],
            mentions={"Le secrétaire général Nikolaï Patrouchev": PERSON, "M. Patrouchev": PERSON},
            names=["Nikolaï Patrouchev"],
            related=[
                (Relation.SOURCE, "« Non »", "M. Patrouchev"),
                (Relation.ANTECEDENT, "M. Patrouchev", "Le secrétaire général Nikolaï Patrouchev"),
            ],
        )
    )

    (entity,) = document.entities
    assert entity.name.of(document.text) == "Nikolaï Patrouchev"
    assert [mention.of(document.text) for mention in entity.mentions] == [
        "Le secrétaire général Nikolaï Patrouchev",
        "M. Patrouchev",
    ]


def test_who_is_described_by_another_is_not_the_other(reader: Read) -> None:
    document = resolved(
        reader(
            "Anne Roux écoute. « Oui », dit le bras droit de Paul Petit.",
            contents={"« Oui »": DIRECT},
            sources=["le bras droit de Paul Petit"],
            mentions={"Anne Roux": PERSON, "le bras droit de Paul Petit": PERSON},
            names=["Anne Roux", "Paul Petit"],
            related=[
                (Relation.SOURCE, "« Oui »", "le bras droit de Paul Petit"),
                (Relation.ANTECEDENT, "le bras droit de Paul Petit", "Anne Roux"),
            ],
        )
    )

    (entity,) = document.entities
    assert entity.name.of(document.text) == "Anne Roux"


def test_an_institution_speaks_for_itself(reader: Read) -> None:
    document = resolved(
        reader(
            "« Oui », écrit la CGT.",
            contents={"« Oui »": DIRECT},
            sources=["la CGT"],
            mentions={"la CGT": INSTITUTION},
            related=[(Relation.SOURCE, "« Oui »", "la CGT")],
        )
    )

    (entity,) = document.entities
    assert entity.kind is INSTITUTION
    assert entity.institution is not None
    assert entity.institution.of(document.text) == "CGT"


def test_a_person_has_the_role_and_the_institution_that_some_mention_is_sure_of(reader: Read) -> None:
    document = resolved(
        reader(
            "Anne Roux, maire de Brest, arrive. « Oui », dit Mme Roux.",
            contents={"« Oui »": DIRECT},
            sources=["Mme Roux"],
            mentions={"Anne Roux": PERSON, "Mme Roux": PERSON},
            names=["Anne Roux", "Roux."],
            roles=["maire de Brest"],
            institutions=["Brest"],
            related=[
                (Relation.SOURCE, "« Oui »", "Mme Roux"),
                (Relation.ANTECEDENT, "Mme Roux", "Anne Roux"),
                (Relation.ROLE, "Anne Roux", "maire de Brest"),
                (Relation.INSTITUTION, "Anne Roux", "Brest"),
            ],
        )
    )

    (entity,) = document.entities
    assert entity.role is not None
    assert entity.role.of(document.text) == "maire de Brest"
    assert entity.institution is not None
    assert entity.institution.of(document.text) == "Brest"


def test_a_mention_that_wavers_between_two_institutions_does_not_outvote_one_that_has_none(reader: Read) -> None:
    document = resolved(
        reader(
            "Anne Roux arrive de Brest et Lyon. « Oui », dit Mme Roux.",
            contents={"« Oui »": DIRECT},
            sources=["Mme Roux"],
            mentions={"Anne Roux": PERSON, "Mme Roux": PERSON},
            names=["Anne Roux", "Roux."],
            institutions=["Brest", "Lyon"],
            related=[
                (Relation.SOURCE, "« Oui »", "Mme Roux"),
                (Relation.ANTECEDENT, "Mme Roux", "Anne Roux"),
                (Relation.INSTITUTION, "Anne Roux", "Brest"),
            ],
            unsure=[(Relation.INSTITUTION, "Anne Roux", "Lyon")],
        )
    )

    (entity,) = document.entities
    assert entity.institution is None
    assert entity.institution_probability > 0.5


@pytest.mark.parametrize(("institution", "kind"), [("Orélia", INSTITUTION), ("Orne", PERSON)])
def test_what_is_tagged_as_an_institution_wherever_it_stands_is_one(reader: Read, institution: str, kind: EntityKind) -> None:
    document = resolved(
        reader(
            "« Oui », dit l'Orélia à Orne.",
            contents={"« Oui »": DIRECT},
            sources=["l'Orélia"],
            mentions={"l'Orélia": PERSON},
            institutions=[institution],
            related=[(Relation.SOURCE, "« Oui »", "l'Orélia")],
        )
    )

    assert document.entities[0].kind is kind


@pytest.mark.parametrize(
    ("mention", "kind", "institution", "is_of_it"),
    [
        ("Anne Petit", PERSON, "Petit", False),
        ("la voisine d'Orne", PERSON, "Orne", True),
        ("Anne Petit", PERSON, "Orne", True),
        ("les pêcheurs", GROUP, "pêcheurs", False),
        ("les pêcheurs d'Orne", GROUP, "Orne", True),
    ],
)
def test_nobody_but_institutions_speaks_for_itself(
    reader: Read,
    mention: str,
    kind: EntityKind,
    institution: str,
    is_of_it: bool,  # noqa: FBT001
) -> None:
    document = resolved(
        reader(
            f"« Oui », dit {mention}, venue d'Orne.",
            contents={"« Oui »": DIRECT},
            sources=[mention],
            mentions={mention: kind},
            institutions=[institution],
            related=[(Relation.SOURCE, "« Oui »", mention), (Relation.INSTITUTION, mention, institution)],
        )
    )

    (entity,) = document.entities
    assert (entity.institution is not None) is is_of_it


def test_a_role_is_one_entity_s(reader: Read) -> None:
    evidence = reader(
        "Anne Roux, maire de Brest, arrive. « Oui », dit-elle. « Non », dit Paul Petit.",
        contents={"« Oui »": DIRECT, "« Non »": DIRECT},
        sources=["elle", "Paul Petit"],
        mentions={"Anne Roux": PERSON, "elle": PERSON, "Paul Petit": PERSON},
        names=["Anne Roux", "Paul Petit"],
        roles=["maire de Brest"],
        related=[
            (Relation.SOURCE, "« Oui »", "elle"),
            (Relation.SOURCE, "« Non »", "Paul Petit"),
            (Relation.ANTECEDENT, "elle", "Anne Roux"),
            (Relation.ROLE, "Anne Roux", "maire de Brest"),
            (Relation.ROLE, "Paul Petit", "maire de Brest"),
        ],
    )

    _, entities = resolve(evidence, attribute(evidence))

    assert [entity.role is not None for entity in entities] == [True, False]


@pytest.mark.parametrize(("word", "kind"), [("le communiqué", EntityKind.DOCUMENT), ("le conseil", INSTITUTION)])
def test_a_writing_is_no_institution(reader: Read, word: str, kind: EntityKind) -> None:
    document = spoken_by(word, INSTITUTION, reader)

    (entity,) = document.entities
    assert entity.kind is kind
    assert (entity.institution is None) == (kind is EntityKind.DOCUMENT)
