"""Mentions -> entities and speakers."""

from collections.abc import Callable

import pytest

from guillemet_models.attribution import Evidence, attribute
from guillemet_models.coreference import resolve
from guillemet_models.document import Document, EntityKind, QuotationType
from guillemet_models.scheme import Relation

DIRECT, INDIRECT = QuotationType.DIRECT, QuotationType.INDIRECT
PERSON = EntityKind.PERSON
Read = Callable[..., Evidence]


def resolved(evidence: Evidence) -> Document:
    quotations, entities = resolve(evidence, attribute(evidence))
    return Document(text=evidence.text.text, quotations=quotations, entities=entities)


def test_a_pronoun_speaks_for_its_antecedent(reader: Read) -> None:
    document = resolved(
        reader(
            "Jean Dupont est venu. « Oui », a-t-il dit.",
            contents={"« Oui »": DIRECT},
            cues=["dit"],
            sources=["il"],
            mentions={"Jean Dupont": PERSON, "il": PERSON},
            related=[(Relation.SOURCE, "« Oui »", "il"), (Relation.ANTECEDENT, "il", "Jean Dupont")],
        )
    )

    (quotation,), (entity,) = document.quotations, document.entities
    assert quotation.source is not None
    assert quotation.source.of(document.text) == "il"
    assert quotation.speaker == entity.id == "e1"
    assert entity.kind is PERSON
    assert entity.name.of(document.text) == "Jean Dupont"
    assert [mention.of(document.text) for mention in entity.mentions] == ["Jean Dupont"]
    assert entity.role is None
    assert entity.institution is None
    assert quotation.speaker_probability > 0.99


def test_a_pronoun_that_stands_for_nobody_has_no_speaker(reader: Read) -> None:
    document = resolved(
        reader(
            "« Oui », a-t-il dit.",
            contents={"« Oui »": DIRECT},
            sources=["il"],
            mentions={"il": PERSON},
            related=[(Relation.SOURCE, "« Oui »", "il")],
        )
    )

    assert document.entities == ()
    assert document.quotations[0].source is not None
    assert document.quotations[0].speaker is None


def test_a_pronoun_stands_for_whom_it_likeliest_does_even_where_nobody_is_likelier(reader: Read) -> None:
    document = resolved(
        reader(
            "Jean Dupont est venu. « Oui », a-t-il dit.",
            contents={"« Oui »": DIRECT},
            sources=["il"],
            mentions={"Jean Dupont": PERSON, "il": PERSON},
            related=[(Relation.SOURCE, "« Oui »", "il")],
            unsure=[(Relation.ANTECEDENT, "il", "Jean Dupont")],
        )
    )

    assert [entity.name.of(document.text) for entity in document.entities] == ["Jean Dupont"]
    assert document.quotations[0].speaker == "e1"
    assert 0.05 < document.quotations[0].speaker_probability < 0.5


def test_a_pronoun_is_followed_to_whom_another_one_was_given(reader: Read) -> None:
    document = resolved(
        reader(
            "Jean Dupont est venu. « Oui », a-t-il dit. « Non », a dit celui-ci.",
            contents={"« Oui »": DIRECT, "« Non »": DIRECT},
            sources=["il", "celui-ci"],
            mentions={"Jean Dupont": PERSON, "il": PERSON, "celui-ci": PERSON},
            related=[(Relation.SOURCE, "« Oui »", "il"), (Relation.SOURCE, "« Non »", "celui-ci")],
            unsure=[(Relation.ANTECEDENT, "il", "Jean Dupont"), (Relation.ANTECEDENT, "celui-ci", "il")],
        )
    )

    assert [entity.name.of(document.text) for entity in document.entities] == ["Jean Dupont"]
    assert [quotation.speaker for quotation in document.quotations] == ["e1", "e1"]


def test_a_quotation_without_source_may_have_a_speaker(reader: Read) -> None:
    document = resolved(
        reader(
            "Jean Dupont hésite. Il faudra attendre.",
            contents={"Il faudra attendre": INDIRECT},
            mentions={"Jean Dupont": PERSON},
            related=[(Relation.SPEAKER, "Il faudra attendre", "Jean Dupont")],
        )
    )

    (quotation,) = document.quotations
    assert quotation.source is None
    assert quotation.speaker == "e1"


def test_a_quotation_without_source_or_speaker_abstains(reader: Read) -> None:
    document = resolved(
        reader(
            "Jean Dupont hésite. Il faudra attendre.",
            contents={"Il faudra attendre": INDIRECT},
            mentions={"Jean Dupont": PERSON},
        )
    )

    assert document.quotations[0].speaker is None
    assert document.entities == ()


@pytest.mark.parametrize(
    ("first", "second", "kind", "names"),
    [
        ("Anne Roux", "Paul Petit", PERSON, ["Anne Roux", "Paul Petit"]),
        ("Paul Petit", "Paul Roux", PERSON, ["Paul Petit", "Paul Roux"]),
        ("Paul Petit", "M. Roux", PERSON, ["Paul Petit"]),
        ("M. Petit", "Roux", PERSON, []),
        ("Paul Petit", "l'avocat de Paul Petit", PERSON, ["Paul Petit"]),
        ("M. Petit", "l'avocat de M.  Petit", PERSON, []),
        ("Mme von der Roux", "l'avocat de Mme von der Roux", PERSON, []),
        ("Anne Le Goff", "Mme de La Roche", PERSON, ["Anne Le Goff"]),
        ("le ministre de Brest", "la ministre", PERSON, []),
        ("Paul Petit", "la préfecture", EntityKind.INSTITUTION, ["Paul Petit"]),
        ("Paul Petit", "les voisins", EntityKind.GROUP, ["Paul Petit"]),
    ],
)
def test_who_cannot_be_one_are_two(reader: Read, first: str, second: str, kind: EntityKind, names: list[str]) -> None:
    document = spoken_by_two(reader, {first: PERSON, second: kind}, names)

    assert len(document.entities) == 2
    assert [quotation.speaker for quotation in document.quotations] == ["e1", "e2"]


@pytest.mark.parametrize(
    ("first", "second", "kind", "names"),
    [
        ("Anne Le Goff", "Mme Le Goff", PERSON, ["Anne Le Goff"]),
        ("Anne Le Goff", "Le Goff", PERSON, ["Anne Le Goff"]),
        ("Anne Le Goff", "la maire de Brest", PERSON, ["Anne Le Goff"]),
        ("Anne Le Goff", "le Dr Le Goff", PERSON, ["Anne Le Goff"]),
        ("Paul Petit", "le Breton", PERSON, ["Paul Petit"]),
        ("Anne von der Roux", "Mme von der Roux", PERSON, ["Anne von der Roux"]),
        ("le ministre", "le ministre de Brest", PERSON, []),
        ("le maire", "la victime", PERSON, []),
        ("Paul Petit", "le procureur de la République de Brest", PERSON, ["Paul Petit", "procureur de la République de Brest"]),
        ("Anne Le Goff", "le compte officiel d'Anne Le Goff", PERSON, ["Anne Le Goff"]),
        ("Anne Le Goff", "les propos d'Anne Le Goff", PERSON, ["Anne Le Goff"]),
        ("Anne Le Goff", "L'avocate", PERSON, ["Anne Le Goff"]),
        ("Anne Le Goff", "ALG", PERSON, ["Anne Le Goff"]),
        ("Anne Le Goff", "une adjointe", EntityKind.UNNAMED, ["Anne Le Goff"]),
        ("Anne Le Goff", "la lettre ouverte", EntityKind.DOCUMENT, ["Anne Le Goff"]),
    ],
)
def test_who_may_be_one_are_one(reader: Read, first: str, second: str, kind: EntityKind, names: list[str]) -> None:
    document = spoken_by_two(reader, {first: PERSON, second: kind}, names)

    assert [quotation.speaker for quotation in document.quotations] == ["e1", "e1"]


@pytest.mark.parametrize(
    ("first", "second", "kind", "entities"),
    [
        ("Paul Petit", "M. Paul Petit", PERSON, 1),
        ("M. Petit", "Petit", PERSON, 2),  # brothers, for all that is said
        ("la Caisse du Nord", "Caisse du Nord", EntityKind.INSTITUTION, 1),
    ],
)
def test_of_one_full_name_there_is_one(reader: Read, first: str, second: str, kind: EntityKind, entities: int) -> None:
    document = spoken_by_two(reader, {first: kind, second: kind}, [], refers=False)

    assert len(document.entities) == entities
    assert sum(len(entity.mentions) for entity in document.entities) == 2


def spoken_by_two(reader: Read, sources: dict[str, EntityKind], names: list[str], *, refers: bool = True) -> Document:
    """Return what is resolved where the second refers, says the model, to the first, or to nobody."""
    first, second = sources
    return resolved(
        reader(
            f"« Oui », dit {first}. « Non », dit alors {second} hier.",
            contents={"« Oui »": DIRECT, "« Non »": DIRECT},
            sources=sources,
            mentions=sources,
            names=names,
            related=[
                (Relation.SOURCE, "« Oui »", first),
                (Relation.SOURCE, "« Non »", second),
                *([(Relation.ANTECEDENT, second, first)] if refers else []),
            ],
        )
    )


@pytest.mark.parametrize(("pronoun", "speaks"), [("il", True), ("elle", False)])
def test_a_pronoun_never_stands_for_somebody_of_the_other_gender(reader: Read, pronoun: str, speaks: bool) -> None:  # noqa: FBT001
    document = resolved(
        reader(
            f"Paul Petit est venu. « Oui », a dit {pronoun} hier.",
            contents={"« Oui »": DIRECT},
            sources=[pronoun],
            mentions={"Paul Petit": PERSON, pronoun: PERSON},
            names=["Paul Petit"],
            related=[(Relation.SOURCE, "« Oui »", pronoun), (Relation.ANTECEDENT, pronoun, "Paul Petit")],
        )
    )

    assert (document.quotations[0].speaker is not None) is speaks


def test_entities_are_numbered_by_their_first_mention_and_quotations_by_their_first_character(reader: Read) -> None:
    document = resolved(
        reader(
            "Paul Petit écoute. « Oui », dit Anne Roux. « Non », répond-il.",
            contents={"« Non »": DIRECT, "« Oui »": DIRECT},
            sources=["Anne Roux", "il."],
            mentions={"Paul Petit": PERSON, "Anne Roux": PERSON, "il.": PERSON},
            related=[(Relation.SOURCE, "« Oui »", "Anne Roux"), (Relation.SPEAKER, "« Non »", "Paul Petit")],
        )
    )

    assert [(entity.id, entity.name.of(document.text)) for entity in document.entities] == [
        ("e1", "Paul Petit"),
        ("e2", "Anne Roux"),
    ]
    assert [(quotation.id, quotation.speaker) for quotation in document.quotations] == [("q1", "e2"), ("q2", "e1")]
