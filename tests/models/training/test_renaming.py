"""An article about other people has the same annotation, in their names."""

import random
from typing import Any

import pytest

from guillemet_models.training.renaming import Renaming

TEXT = (
    "Jeanne Vasseur, secrétaire de la CGT, a menacé de partir. « Nous irons », a dit Mme Vasseur. "
    "Elle a vu l’INSEE et la Fédération des bains (FBA). Vasseurs et fils se taisent."
)
DOCUMENT: dict[str, Any] = {
    "id": "d",
    "text": TEXT,
    "entities": [
        {
            "id": "e1",
            "kind": "person",
            "name": "Jeanne Vasseur",
            "role": "secrétaire de la CGT",
            "institution": "CGT",
            "mentions": [[0, 14], [80, 91]],
        }
    ],
    "quotations": [{"type": "direct", "spans": [[58, 71]], "cue": [73, 78], "source": [79, 90], "speaker": "e1"}],
}


def other(name: str, institution: str) -> dict[str, Any]:
    entity = {"id": "e1", "kind": "person", "name": name, "role": None, "institution": institution, "mentions": []}
    return {"id": "o", "text": f"{name}, {institution}", "entities": [entity], "quotations": []}


@pytest.fixture
def renaming() -> Renaming:
    return Renaming([other("Paul Ndiaye", "UNSA"), other("Ana Le Goff", "FNSEA"), DOCUMENT])


@pytest.mark.parametrize("seed", range(8))
def test_a_person_is_renamed_wherever_she_stands(renaming: Renaming, seed: int) -> None:
    after = renaming(DOCUMENT, random.Random(seed))

    (entity,) = after["entities"]
    surname = entity["name"].split()[-1]
    assert surname in {"Ndiaye", "Goff", "Vasseur"}
    begin, end = entity["mentions"][0]
    assert after["text"][begin:end] == entity["name"]
    assert f"a dit Mme {surname}." in after["text"]
    assert after["text"].endswith("Vasseurs et fils se taisent.")
    ((begin, end),) = after["quotations"][0]["spans"]
    assert after["text"][begin:end] == "« Nous irons »"[: end - begin]


def test_given_names_keep_their_gender_and_acronyms_their_article(renaming: Renaming) -> None:
    given, acronyms = set(), set()
    for seed in range(60):
        after = renaming(DOCUMENT, random.Random(seed))
        given.add(after["entities"][0]["name"].split()[0])
        acronyms.add(after["entities"][0]["institution"])
        assert f"secrétaire de la {after['entities'][0]['institution']}, a menacé" in after["text"]
        assert after["entities"][0]["role"] == f"secrétaire de la {after['entities'][0]['institution']}"

    assert len(given) > 20
    assert given.isdisjoint({"Paul", "Jean", "Mohamed", "Nicolas", "Vladimir"})
    assert acronyms == {"CGT", "FNSEA"}  # UNSA begins with a vowel


def test_what_is_spelt_out_keeps_its_acronym() -> None:
    spelt_out = Renaming([DOCUMENT, other("Ana Roux", "FBA"), other("Ana Roux", "CGT")])

    for seed in range(20):
        assert "Fédération des bains (FBA)" in spelt_out(DOCUMENT, random.Random(seed))["text"]


def test_every_gold_article_keeps_its_annotation(gold_documents: list[dict[str, Any]]) -> None:
    renaming = Renaming(gold_documents)
    changed = 0
    for seed, document in enumerate(gold_documents):
        after = renaming(document, random.Random(seed))
        changed += after["text"] != document["text"]
        for old, new in zip(document["entities"], after["entities"], strict=True):
            assert (old["name"] in document["text"]) == (new["name"] in after["text"])
            for (old_begin, old_end), (begin, end) in zip(old["mentions"], new["mentions"], strict=True):
                words = [
                    text[slice(*span)].split()  # « Doveska » may become « Marchetti-Roy »
                    for text, span in ((document["text"], (old_begin, old_end)), (after["text"], (begin, end)))
                ]
                assert len(words[0]) == len(words[1])
    assert changed > len(gold_documents) / 2
