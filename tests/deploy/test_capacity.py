"""The capacity that docs/operations.md promises is what its rates come to."""

import re
from math import ceil
from pathlib import Path

import pytest

GUIDE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip(): [cell.strip() for cell in cells[1:]]
    for cells in (line.strip("|").split("|") for line in GUIDE.splitlines() if line.startswith("| "))
}
LOST = 0.1  # to gRPC, waiting and padding
BUSY = 0.7  # where articles come in waves
POD_CPUS = 2
ARCHIVE = 1_000_000_000
LIVE_PER_SECOND = 1_000


def number(text: str) -> float:
    """Return the first number of a cell."""
    return float(re.search(r"\d[\d,]*(?:\.\d+)?", text)[0].replace(",", ""))


TOKENS_PER_SECOND = number(ROWS["tokens a second of one CPU"][0])
ARTICLE_TOKENS = number(re.search(r"an article (\d+) tokens", GUIDE)[1])


def test_the_rates_agree() -> None:
    assert number(ROWS["articles a second of one CPU"][0]) == round(TOKENS_PER_SECOND / ARTICLE_TOKENS)


def test_a_live_feed_needs_what_is_said() -> None:
    tokens = LIVE_PER_SECOND * ARTICLE_TOKENS
    cpus = tokens / TOKENS_PER_SECOND
    with_loss = cpus / (1 - LOST)
    with_waves = with_loss / BUSY

    assert number(ROWS["tokens"][0]) == tokens
    assert number(ROWS["CPUs, if nothing were lost"][0]) == pytest.approx(cpus, abs=0.05)
    assert number(ROWS["with the tenth"][0]) == pytest.approx(with_loss, abs=0.05)
    assert number(ROWS["with waves"][0]) == pytest.approx(with_waves, abs=0.06)
    assert number(ROWS["so"][0]) == ceil(with_waves / POD_CPUS)


def test_an_archive_needs_what_is_said() -> None:
    tokens = ARCHIVE * ARTICLE_TOKENS
    hours = tokens / TOKENS_PER_SECOND / 3600
    with_loss = hours / (1 - LOST)
    on_few, on_many = re.fullmatch(r"(\d+) hours on 32 CPUs, (\d+) on 500", ROWS["so"][1]).groups()

    assert number(ROWS["tokens"][1]) == tokens
    assert number(ROWS["CPUs, if nothing were lost"][1]) == round(hours)
    assert number(ROWS["with the tenth"][1]) == round(with_loss)
    assert int(on_few) == ceil(with_loss / 32)
    assert int(on_many) == ceil(with_loss / 500)
