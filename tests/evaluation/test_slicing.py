"""Quotations fall into slices by their marks, length, source and antecedent, documents by their outlet."""

from collections.abc import Callable

import pytest

from guillemet_evaluation import Document, Entity, Quotation, evaluate
from guillemet_evaluation.judging import Side
from guillemet_evaluation.slicing import MOST_OUTLETS, NO_OUTLET, OTHER_OUTLETS, outlet, slices_of

Says = Callable[..., Quotation]


def cut(document: Document, by: str) -> list[str]:
    return [cuts[by] for cuts in slices_of(Side(document))]


@pytest.mark.parametrize(
    ("text", "content", "marks"),
    [
        ("Ana : « Oui »", "« Oui »", "« »"),
        ("Ana : “Oui”", "“Oui”", "“ ”"),
        ('Ana : "Oui"', '"Oui"', '" "'),
        ("Ana : ‹ Oui ›", "‹ Oui ›", "‹ › ‘ ’"),
        ("Il parle.\n— Oui, dit-il.", "Oui", "dash"),
        ("— Oui, dit-il.", "— Oui", "dash"),
        ("Ana dit oui.", "oui", "none"),
        ("Ana dit que l’eau « monte ».", "l’eau « monte »", "« »"),
    ],
)
def test_marks_are_those_of_the_content(text: str, content: str, marks: str, says: Says) -> None:
    assert cut(Document(id="a", text=text, quotations=(says(text, content),)), "marks") == [marks]


@pytest.mark.parametrize(
    ("length", "label"), [(50, "up to 50"), (51, "51–150"), (150, "51–150"), (300, "151–300"), (301, "over 300")]
)
def test_lengths_are_of_the_trimmed_content(length: int, label: str, says: Says) -> None:
    text = f"« {'x' * length}. »"

    assert cut(Document(id="a", text=text, quotations=(says(text, text),)), "length") == [label]


def test_the_source_stands_before_inside_or_after(says: Says) -> None:
    text = "Ana : « Oui. » « Non, dit Luc, jamais. » « Si », dit Eve. « Bon. »"
    quotations = (
        says(text, "« Oui. »", source="Ana"),
        says(text, "« Non", "jamais. »", source="Luc"),
        says(text, "« Si »", source="Eve"),
        says(text, "« Bon. »"),
    )

    assert cut(Document(id="a", text=text, quotations=quotations), "source_position") == ["before", "inside", "after", "none"]


@pytest.mark.parametrize(
    ("between", "label"), [("", "up to 100"), ("x" * 90, "up to 100"), ("x" * 300, "101–500"), ("x" * 800, "over 500")]
)
def test_an_antecedent_is_the_nearest_mention_before_the_source(
    between: str, label: str, says: Says, speaks: Callable[..., Entity]
) -> None:
    text = f"Ana Roux. {between} elle dit « Oui ». Mme Roux."
    entity = speaks(text, "Ana Roux", "Ana Roux", "Mme Roux")
    document = Document(id="a", text=text, entities=(entity,), quotations=(says(text, "« Oui »", source="elle", speaker="e1"),))

    assert cut(document, "antecedent") == [label]


def test_an_antecedent_may_be_the_source_come_later_or_be_missing(says: Says, speaks: Callable[..., Entity]) -> None:
    text = "« Oui », dit Ana Roux. « Non. » Luc Bas"
    entities = (speaks(text, "Ana Roux", "Ana Roux"), speaks(text, "Luc Bas", "Luc Bas", id="e2"))
    quotations = (
        says(text, "« Oui »", source="Ana Roux", speaker="e1"),
        says(text, "« Non. »", speaker="e1"),
        says(text, "« Non. »", speaker="e2"),
        says(text, "« Non. »"),
    )
    document = Document(id="a", text=text, entities=entities, quotations=quotations)

    assert cut(document, "antecedent") == ["the source", "up to 100", "later", "none"]


def test_an_outlet_is_an_attribute() -> None:
    documents = [
        Document(id="a", text="Oui.", attributes={"outlet": "Le Quai", "source": "press"}),
        Document(id="b", text="Oui.", attributes={"source": "press/quai: page 3"}),
        Document(id="c", text="Oui."),
        Document(id="d", text="Oui.", attributes={"outlet": 3, "source": ["press"]}),
    ]

    assert [outlet(document) for document in documents] == ["Le Quai", "press/quai", NO_OUTLET, NO_OUTLET]


def test_rare_outlets_are_one_slice(port: Document) -> None:
    gold = [
        Document(
            id=f"{outlet} {number}",
            text=port.text,
            quotations=port.quotations[2:],
            entities=port.entities,
            attributes={"outlet": str(outlet)},
        )
        for outlet in range(MOST_OUTLETS + 2)
        for number in range(2 if outlet < MOST_OUTLETS else 1)
    ]

    slices = evaluate(gold, [], resamples=1).slices["outlet"]

    assert len(slices) == MOST_OUTLETS + 1
    assert slices[OTHER_OUTLETS].quotation.gold == 2
