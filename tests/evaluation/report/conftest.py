"""A report of predictions in which everything goes wrong that can."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Page

from guillemet_evaluation import Evaluation, evaluate
from guillemet_evaluation.report import write_report

Json: TypeAlias = dict[str, Any]
N_ARTICLES = 8


def predicted(gold: Json) -> Json:
    """Return a prediction that goes wrong in every way there is, one after the other, and states probabilities."""
    copy: Json = json.loads(json.dumps(gold))
    entities = [entity["id"] for entity in copy["entities"]]
    quotations = []
    for number, quotation in enumerate(copy["quotations"]):
        begin, end = quotation["spans"][-1]
        match number % 7:
            case 0:
                continue  # missed; what stands there instead is spurious
            case 1:
                quotation["spans"][-1] = [begin, end - (end - begin) // 4]
            case 2:
                quotation["type"] = "mixed" if quotation["type"] == "direct" else "direct"
            case 3:
                quotation["source"] = [0, 1]
            case 4:
                quotation["speaker"] = (
                    entities[entities.index(quotation["speaker"]) - 1] if quotation["speaker"] else entities[0]
                )
        quotations.append(quotation)
    quotations += [{"type": "direct", "spans": spans} for spans in ([[0, 2]], [span_of_a_mark(gold["text"])], [])]
    for number, quotation in enumerate(quotations):
        stated = 0.05 + (number * 37 % 90) / 100
        quotation.update(dict.fromkeys(("probability", "source_probability", "speaker_probability"), stated))
    for entity in copy["entities"]:
        entity["institution_probability"] = 0.5
    return {**copy, "quotations": sorted(quotations, key=lambda quotation: quotation["spans"])}


def span_of_a_mark(text: str) -> list[int]:
    begin = next(position for position, character in enumerate(text) if not character.isalnum())
    return [begin, begin + 1]


@pytest.fixture(scope="package")
def sides(gold_documents: list[Json]) -> tuple[list[Json], list[Json]]:
    """Return gold articles of two outlets, and predictions; of the last there is none."""
    gold = [{**document, "outlet": f"L’Écho {number % 2} <b>"} for number, document in enumerate(gold_documents[:N_ARTICLES])]
    return gold, [predicted(document) for document in gold[:-1]]


@pytest.fixture(scope="package")
def evaluation(sides: tuple[list[Json], list[Json]]) -> Evaluation:
    return evaluate(*sides, resamples=50)


@pytest.fixture(scope="package")
def file(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(evaluation, path, title="a <system> against & gold")
    return path


@pytest.fixture
def page(file: Path, open_page: Callable[..., Page]) -> Page:
    return open_page(file)
