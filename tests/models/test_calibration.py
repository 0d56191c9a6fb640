from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guillemet_models.calibration import Calibration, Scale
from guillemet_models.document import Document, Entity, EntityKind, Quotation, QuotationType, Span

probabilities = st.floats(0, 1)


def document(probability: float) -> Document:
    quotation = Quotation(
        id="q1",
        type=QuotationType.DIRECT,
        spans=(Span(0, 7),),
        cue=None,
        source=Span(9, 12),
        speaker="e1",
        probability=probability,
        source_probability=probability,
        speaker_probability=probability,
    )
    entity = Entity(
        id="e1",
        kind=EntityKind.PERSON,
        name=Span(9, 12),
        role=None,
        institution=None,
        mentions=(Span(9, 12),),
        probability=probability,
        institution_probability=probability,
    )
    return Document(text="« Oui », Ana.", quotations=(quotation,), entities=(entity,))


@given(probabilities, st.floats(0.05, 3), st.floats(-3, 3))
def test_a_scale_stays_between_impossible_and_certain(probability: float, slope: float, offset: float) -> None:
    assert 0 < Scale(slope, offset)(probability) < 1


@given(probabilities, probabilities, st.floats(0.05, 3), st.floats(-3, 3))
def test_a_scale_changes_no_order(one: float, other: float, slope: float, offset: float) -> None:
    scale = Scale(slope, offset)

    assert scale(min(one, other)) <= scale(max(one, other))


@given(st.floats(0.001, 0.999))
def test_the_default_scale_changes_nothing(probability: float) -> None:
    assert Scale()(probability) == pytest.approx(probability)


def test_that_there_is_an_institution_is_scaled_apart_from_that_there_is_none() -> None:
    given = document(0.5)
    given = replace(given, entities=(replace(given.entities[0], institution=Span(9, 12)),))

    (entity,) = Calibration(institution=Scale(1, 2), no_institution=Scale(1, -2)).apply(given).entities

    assert entity.institution_probability == pytest.approx(0.881, abs=1e-3)


def test_each_probability_is_scaled_by_its_own_kind_and_nothing_else_changes() -> None:
    calibration = Calibration(quotation=Scale(1, 1), source=Scale(1, 2), speaker=Scale(1, -1), no_institution=Scale(1, -2))

    before, after = document(0.5), calibration.apply(document(0.5))

    (quotation,), (entity,) = after.quotations, after.entities
    assert quotation.probability == pytest.approx(0.731, abs=1e-3)
    assert quotation.source_probability == pytest.approx(0.881, abs=1e-3)
    assert quotation.speaker_probability == pytest.approx(0.269, abs=1e-3)
    assert entity.institution_probability == pytest.approx(0.119, abs=1e-3)
    assert (quotation.spans, quotation.source, entity.mentions) == (
        before.quotations[0].spans,
        before.quotations[0].source,
        before.entities[0].mentions,
    )
