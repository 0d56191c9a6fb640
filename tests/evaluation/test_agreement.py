"""Figures agree with those of an independent scorer; where the two define a thing differently, both definitions are shown.

The scorer lies beside the checkout, with the development set (README, "Results"); without it the worked examples remain.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guillemet_client import Span
from guillemet_evaluation import Accuracy, Document, Entity, Evaluation, Outcome, Quotation, Rates, evaluate, read_documents
from guillemet_evaluation.trimming import trimmed
from guillemet_models.extractor import Extractor

SHARED = Path(__file__).parents[3] / "shared"
SCORER = SHARED / "tools" / "score.py"
DEVELOPMENT_SET = SHARED / "data" / "gold" / "dev.jsonl"
# Of a figure in points with one decimal.
TOLERANCE_POINTS = 0.1 + 1e-9

Says = Callable[..., Quotation]
Speaks = Callable[..., Entity]

beside = pytest.mark.skipif(not SCORER.exists(), reason="the scorer does not lie beside this checkout")


def in_its_names(evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures, in points, as the scorer names and defines them."""

    def points(figure: Rates | Accuracy) -> Any:
        if isinstance(figure, Accuracy):
            return 100 * figure.value
        return {"p": 100 * figure.precision, "r": 100 * figure.recall, "f": 100 * figure.f1}

    comparable = evaluation.comparable
    figures = {
        "quote_exact": evaluation.exact,
        "quote_iou80": evaluation.iou80,
        "quote_iou50": evaluation.iou50,
        "characters": evaluation.characters,
        "ggt30": comparable.lenient_coverage30,
        "ggt80": comparable.lenient_coverage80,
        "type_accuracy": evaluation.type_accuracy,
        "cue_accuracy": evaluation.cue_accuracy,
        "source_accuracy": evaluation.source_accuracy,
        "joint_source": evaluation.joint_source,
        "joint_speaker": comparable.joint_speaker,
        "pronoun_speaker_accuracy": comparable.short_source_speaker,
        "kind_accuracy": evaluation.kind_accuracy,
        "institution_accuracy": comparable.institution_contained,
        "sources_per_article": comparable.sources_per_article,
    }
    recalls = {kind: 100 * score.recall for kind, score in evaluation.by_type.items()}
    sizes = {"documents": len(evaluation.documents), "gold": evaluation.gold, "predicted": evaluation.predicted}
    return {**sizes, "recall_by_type": recalls, **{name: points(figure) for name, figure in figures.items()}}


def scored(gold: Path, predictions: Path) -> dict[str, Any]:
    command = [sys.executable, SCORER, gold, predictions, "--json"]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def assert_agree(gold: Path, predictions: Path) -> None:
    ours, theirs = in_its_names(evaluate(gold, predictions, resamples=1)), scored(gold, predictions)

    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert ours[name] == pytest.approx(expected, abs=TOLERANCE_POINTS), name


def write(documents: list[dict[str, Any]], path: Path) -> Path:
    path.write_text("".join(f"{json.dumps(document, ensure_ascii=False)}\n" for document in documents), encoding="utf-8")
    return path


def disturbed(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return predictions with every kind of error: quotations missing, cut, mistyped, of other speakers and sources."""
    predictions = []
    for document in json.loads(json.dumps(documents)):
        for number, quotation in enumerate(quotations := document["quotations"]):
            first = quotation["spans"][0]
            if number % 5 == 0 and first[1] - first[0] > 4:
                first[1] -= (first[1] - first[0]) * (number % 4 + 1) // 5
                quotation["spans"] = [first]
            if number % 7 == 0:
                quotation["type"] = "mixed"
            if number % 3 == 0:
                quotation["speaker"] = document["entities"][number % len(document["entities"])]["id"]
            if number % 4 == 1:
                quotation["source"] = quotation["cue"]
            if number % 6 == 5:
                quotation["cue"] = None
        for entity in document["entities"][::4]:
            entity |= {"institution": entity["name"], "kind": "group"}
        document["quotations"] = [quotation for number, quotation in enumerate(quotations) if number % 9 != 4]
        predictions.append(document)
    return predictions[:-1]


@beside
def test_figures_of_disturbed_gold_agree(gold_documents: list[dict[str, Any]], tmp_path: Path) -> None:
    assert_agree(
        write(gold_documents, tmp_path / "gold.jsonl"), write(disturbed(gold_documents), tmp_path / "predictions.jsonl")
    )


def is_undecided(gold: Document, answer: Document) -> bool:
    """Tell whether an answer overlaps two gold quotations alike: here its source decides which it stands for, there nothing."""
    truths, answers = (
        [{place for span in trimmed(document.text, said.spans) for place in range(*span)} for said in document.quotations]
        for document in (gold, answer)
    )
    overlaps = [sorted(len(truth & said) / len(truth | said) for truth in truths)[-2:] for said in answers]
    return any(len(best) == 2 and best[0] == best[1] > 0 for best in overlaps)


@beside
def test_figures_of_the_embedded_model_agree_on_the_development_set(tmp_path: Path) -> None:
    extractor = Extractor.load()
    gold = read_documents(DEVELOPMENT_SET, is_gold=True)
    answers = [extractor.extract([document.text])[0].to_json(document.id) for document in gold]
    answered = read_documents(write(answers, tmp_path / "answers.jsonl"))
    decided = {truth.id for truth, answer in zip(gold, answered, strict=True) if not is_undecided(truth, answer)}
    lines = DEVELOPMENT_SET.read_text(encoding="utf-8").splitlines()

    assert len(decided) >= len(gold) - 2
    assert_agree(
        write([truth for line in lines if (truth := json.loads(line))["id"] in decided], tmp_path / "gold.jsonl"),
        write([answer for answer in answers if answer["id"] in decided], tmp_path / "predictions.jsonl"),
    )


# Where definitions differ: ours first.


def of(gold: Document, **changes: Any) -> Evaluation:
    return evaluate([gold], [replace(gold, **changes)], resamples=1)


def test_an_apostrophe_joins_no_words(says: Says, speaks: Speaks) -> None:
    # Through ASCII « l’Élan » is "lelan" and « Élan » is "elan".
    text = "L’Élan du port dit un."
    gold = Document(
        id="a",
        text=text,
        entities=(speaks(text, "Élan du port", "Élan du port"),),
        quotations=(says(text, "un", speaker="e1"),),
    )

    found = of(gold, entities=(speaks(text, "L’Élan du port"),))

    assert found.joint_speaker.f1 == found.sources_per_article.f1 == 1
    assert found.comparable.joint_speaker.f1 == found.comparable.sources_per_article.f1 == 0


def test_another_alphabet_has_names_too(says: Says, speaks: Speaks) -> None:
    # Through ASCII « Иван » is nobody, and so is whoever a prediction names in that alphabet: nobody is right about nobody.
    text = "Иван dit un."
    gold = Document(id="a", text=text, entities=(speaks(text, "Иван"),), quotations=(says(text, "un", speaker="e1"),))

    found = of(gold, entities=(speaks(text, "Олег"),))

    assert (found.joint_speaker.f1, found.comparable.joint_speaker.f1) == (0, 1)


def test_a_name_is_not_another_entity_s_mention(says: Says, speaks: Speaks) -> None:
    # Where a name is also a mention of a later entity, the scorer takes whoever it names for the later one.
    text = "Le Comptoir dit un, dit Luc Bas."
    entities = (speaks(text, "Comptoir", "Comptoir"), speaks(text, "Luc Bas", "Comptoir", id="e2"))
    gold = Document(id="a", text=text, entities=entities, quotations=(says(text, "un", speaker="e1"),))

    found = of(gold)

    assert (found.sources_per_article.f1, found.comparable.sources_per_article.f1) == (1, 0)


def test_a_pronoun_is_told_by_what_it_is_not_by_its_length(says: Says, speaks: Speaks) -> None:
    # « l'ONU » has five characters and is a name; « ces dernières » has more and is a pronoun.
    text = "l'ONU dit un. ces dernières disent deux."
    entities = (speaks(text, "ONU", "ONU", kind="institution"), speaks(text, "agences", id="e2", kind="group"))
    quotations = (says(text, "un", source="l'ONU", speaker="e1"), says(text, "deux", source="ces dernières", speaker="e2"))
    gold = Document(id="a", text=text, entities=entities, quotations=quotations)

    found = of(gold, quotations=(quotations[0], replace(quotations[1], speaker="e1")))

    assert (found.speaker_by_source["named"].value, found.speaker_by_source["pronoun"].value) == (1, 0)
    assert (found.comparable.short_source_speaker.value, found.comparable.short_source_speaker.total) == (1, 1)


def test_an_institution_is_not_one_whose_name_contains_it(says: Says, speaks: Speaks) -> None:
    text = "Luc Bas, du ministère, dit un."
    gold = Document(
        id="a",
        text=text,
        entities=(speaks(text, "Luc Bas", institution="ministère"),),
        quotations=(says(text, "un", speaker="e1"),),
    )

    found = of(gold, entities=(speaks(text, "Luc Bas", institution="ancien ministère de la Mer"),))

    assert (found.institution_stated_accuracy.value, found.comparable.institution_contained.value) == (0, 1)


def test_a_que_before_the_content_is_no_error(says: Says) -> None:
    # The scorer counts its four characters: no exact match, and an IoU of 7 / 11.
    text = "Luc dit que la mer monte."
    gold = Document(id="a", text=text, quotations=(says(text, "la mer", type="indirect"),))

    assert of(gold, quotations=(says(text, "que la mer", type="indirect"),)).exact.f1 == 1


def test_a_prediction_of_marks_alone_is_in_no_figure_and_is_said(port: Document) -> None:
    # The scorer leaves it out without saying so.
    mark = replace(port.quotations[0], spans=(Span(port.text.index("« "), port.text.index("« ") + 2),))

    found = of(port, quotations=(*port.quotations, mark))

    assert (found.iou50.f1, found.predicted, found.outcomes[Outcome.EMPTY]) == (1, 3, 1)


def test_words_without_a_place_in_the_text_are_predicted_nonetheless(port: Document) -> None:
    # The scorer leaves them out: whoever makes up words would lose nothing.
    found = of(port, quotations=(*port.quotations, Quotation(spans=())))

    assert (found.iou50.precision, found.iou50.recall) == (3 / 4, 1)


def test_what_neither_side_holds_is_not_measured() -> None:
    # The scorer gives 0 to a measure without anything to measure.
    found = evaluate([Document(id="a", text="Rien.")], [], resamples=1)

    assert found.iou50.f1 != found.iou50.f1  # NaN
