"""Whatever is sent, what comes back is an answer or a refusal; what was ever found stays found."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzzing.campaign import Campaign
from fuzzing.pipeline import Pipeline, check
from fuzzing.random_model import random_extractor
from fuzzing.texts import HOSTILE, LONGEST, PIECES, text_of
from fuzzing.wire import Wire, served
from guillemet_models.extractor import Extractor

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
ANYTHING = st.binary(max_size=96)
SLOWLY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with served() as wire:
        yield wire
        wire.check_alive()


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_what_was_found_stays_mended(file: Path, pipeline: Pipeline, wire: Wire) -> None:
    pipeline(file.read_bytes())
    wire(file.read_bytes())
    wire.check_alive()


@SLOWLY
@given(data=ANYTHING)
def test_any_text_is_read(data: bytes, pipeline: Pipeline) -> None:
    pipeline(data)


@SLOWLY
@given(data=ANYTHING)
def test_any_message_is_answered_or_refused(data: bytes, wire: Wire) -> None:
    wire(data)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_of_several_windows_is_read(kind: str) -> None:
    check(random_extractor(1, outside=8.0), HOSTILE[kind](5_000))


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_embedded_model_reads_a_hostile_text(kind: str, embedded: Extractor) -> None:
    check(embedded, HOSTILE[kind](1_500))


@pytest.fixture(scope="module")
def embedded() -> Extractor:
    return Extractor.load(threads=1)


@pytest.mark.parametrize("text", ["\ud800", "« \udfff »", "Oui\ud83d"])
def test_a_lone_surrogate_is_refused_with_its_place(text: str, embedded: Extractor) -> None:
    place = next(place for place, character in enumerate(text) if 0xD800 <= ord(character) < 0xE000)

    with pytest.raises(ValueError, match=rf"lone surrogate at character {place}\b"):
        embedded.extract([text])


def test_bytes_stand_for_many_kinds_of_texts() -> None:
    assert len(PIECES) <= 160
    assert len({text_of(bytes([place])) for place in range(len(PIECES))}) == len(PIECES)
    assert len(text_of(bytes([7, 223, 223]))) == LONGEST
    assert text_of(b"\xe0\xff") == "\udcff"


def test_a_campaign_counts_keeps_and_goes_on(tmp_path: Path) -> None:
    def target(data: bytes) -> int:
        if data == b"bad":
            raise ValueError(data)
        return len(data)

    for _ in range(2):
        campaign = Campaign(target, tmp_path / "findings", tmp_path / "count.json")
        for data in (b"good", b"bad", b"bad"):
            campaign.run(data)
        campaign.save()

    assert campaign.executions == 6
    assert list(campaign.found.values()) == [4]
    assert [file.read_bytes() for file in (tmp_path / "findings").iterdir()] == [b"bad"]


def test_a_campaign_finds_what_takes_far_longer_than_others_of_its_length(tmp_path: Path) -> None:
    numbers = iter(range(10**9))

    def target(data: bytes) -> int:
        for _ in range(3_000_000 if data == b"slow" else 10):
            next(numbers)
        return 4

    campaign = Campaign(target, tmp_path / "findings", tmp_path / "count.json", least_hang_seconds=0.001)
    for data in [b"fast"] * 150 + [b"slow"]:
        campaign.run(data)

    assert [name.partition(" ")[0] for name in campaign.found] == ["TimeoutError"]
