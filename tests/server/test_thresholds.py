import numpy as np
import pytest

from guillemet_models.document import Document, Entity, EntityKind, Quotation, QuotationType, Span
from guillemet_server.thresholds import kept

TEXT = "a b c d e f"


def quotation(number: int, *, speaker: str | None, probability: float = 1.0, speaker_probability: float = 1.0) -> Quotation:
    return Quotation(
        id=f"q{number}",
        type=QuotationType.DIRECT,
        spans=(Span(2 * number, 2 * number + 1),),
        cue=None,
        source=None,
        speaker=speaker,
        probability=probability,
        source_probability=0.3,
        speaker_probability=speaker_probability,
    )


def entity(number: int) -> Entity:
    return Entity(
        id=f"e{number}",
        kind=EntityKind.PERSON,
        name=Span(number, number + 1),
        role=None,
        institution=None,
        mentions=(Span(number, number + 1),),
        probability=1.0,
        institution_probability=1.0,
    )


def test_ids_have_no_gaps_and_still_name_the_same_entities() -> None:
    document = Document(
        text=TEXT,
        quotations=(
            quotation(1, speaker="e1", probability=0.4),
            quotation(2, speaker="e2"),
            quotation(3, speaker="e3", speaker_probability=0.4),
            quotation(4, speaker="e2"),
        ),
        entities=(entity(1), entity(2), entity(3)),
    )

    sure = kept(document, 0.5)

    assert [(it.id, it.spans[0].begin, it.speaker) for it in sure.quotations] == [
        ("q1", 4, "e1"),
        ("q2", 6, None),
        ("q3", 8, "e1"),
    ]
    assert [(it.id, it.name.begin) for it in sure.entities] == [("e1", 2)]
    assert kept(document, None) == document


@pytest.mark.parametrize(("given", "absent"), [(0.4, 0.4), (0.7, 0.3)])
def test_leaving_a_speaker_out_claims_no_more_than_the_model_can_mean(given: float, absent: float) -> None:
    document = Document(text=TEXT, quotations=(quotation(1, speaker="e1", speaker_probability=given),), entities=(entity(1),))

    [left] = kept(document, 0.9).quotations

    assert left.speaker is None
    assert left.speaker_probability == pytest.approx(absent)


def test_a_probability_equals_itself_however_it_travelled() -> None:
    document = Document(text=TEXT, quotations=(quotation(1, speaker=None, probability=0.8),), entities=())

    assert len(kept(document, float(np.float32(0.8))).quotations) == 1
