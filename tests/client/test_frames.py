"""Data frames of texts to data frames of quotations, in pandas and polars."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
import polars as pl
import pytest

import guillemet_client as gc
import guillemet_client.pandas
import guillemet_client.polars
from guillemet_client._attributions import COLUMNS

TEXTS = ["Jeanne Morvan 🎤 : « Oui\u00a0! » ; « Non »", "Rien.", "« Si »\r\n"]


@pytest.fixture
def client(address: str) -> Iterator[gc.Client]:
    with gc.Client(address) as client:
        yield client


def from_pandas(client: gc.Client, texts: list[Any], keys: list[Any] | None = None, **options: Any) -> list[dict[str, Any]]:
    frame = pd.DataFrame({"body": texts}, index=keys, dtype=object)
    found = guillemet_client.pandas.extract_frame(frame, text="body", client=client, **options)
    return [{name: None if value is pd.NA else value for name, value in row.items()} for row in found.to_dict("records")]


def from_polars(client: gc.Client, texts: list[Any], keys: list[Any] | None = None, **options: Any) -> list[dict[str, Any]]:
    frame = pl.DataFrame({"body": texts, "key": keys or range(len(texts))}, strict=False)
    found = guillemet_client.polars.extract_frame(frame, text="body", id=keys and "key", client=client, **options)
    return found.to_dicts()


both = pytest.mark.parametrize("extract_frame", [from_pandas, from_polars])


@both
def test_a_row_is_a_quotation_with_all_that_is_known_of_it(extract_frame: Any, client: gc.Client) -> None:
    first, second, third = extract_frame(client, TEXTS, ["a", "b", "c"])

    assert [*first] == [*COLUMNS]
    assert first == {
        "document": "a",
        "quotation": "q1",
        "begin": 18,
        "end": 27,
        "text": "« Oui\u00a0! »",
        "type": "direct",
        "cue": None,
        "cue_begin": None,
        "cue_end": None,
        "source": "Jeanne Morvan",
        "source_begin": 0,
        "source_end": 13,
        "speaker": "Jeanne Morvan",
        "kind": "person",
        "role": None,
        "institution": None,
        "probability": 0.8765,
        "source_probability": 0.0,
        "speaker_probability": 0.0,
    }
    assert TEXTS[0][first["begin"] : first["end"]] == first["text"]
    assert (second["document"], second["text"]) == ("a", "« Non »")
    assert (third["document"], third["text"], third["speaker"], third["source_begin"]) == ("c", "« Si »", None, None)


@both
def test_without_names_articles_go_by_their_place(extract_frame: Any, client: gc.Client) -> None:
    assert [row["document"] for row in extract_frame(client, TEXTS)] == [0, 0, 2]


@both
def test_a_bad_text_is_raised_with_its_position(extract_frame: Any, client: gc.Client) -> None:
    with pytest.raises(gc.InvalidRequest) as caught:
        extract_frame(client, ["« a »", "refuse TEXT_ODD"])

    assert (caught.value.reason, caught.value.index) == ("TEXT_ODD", 1)


@both
def test_a_missing_text_is_raised_before_anything_is_asked(extract_frame: Any, client: gc.Client, service: Any) -> None:
    with pytest.raises(gc.InvalidRequest, match="position 1 is missing") as caught:
        extract_frame(client, ["« a »", None])

    assert (caught.value.reason, caught.value.index) == ("TEXT_MISSING", 1)
    assert service.streams == []


@both
def test_errors_may_be_rows(extract_frame: Any, client: gc.Client) -> None:
    rows = extract_frame(client, [None, "« a »", "refuse TEXT_ODD", "Rien.", "« b »"], errors="return")

    assert [(row["document"], row["text"], row["error"]) for row in rows] == [
        (0, None, "TEXT_MISSING"),
        (1, "« a »", None),
        (2, None, "TEXT_ODD"),
        (4, "« b »", None),
    ]
    assert rows[0]["probability"] is None


@both
def test_no_texts_give_no_rows(extract_frame: Any, client: gc.Client) -> None:
    assert extract_frame(client, []) == []


def test_pandas_keeps_the_type_of_the_index_and_whole_numbers(client: gc.Client) -> None:
    days = pd.date_range("2026-01-01", periods=3)

    found = guillemet_client.pandas.extract_frame(pd.DataFrame({"body": TEXTS}, index=days), text="body", client=client)

    assert found["document"].tolist() == [days[0], days[0], days[2]]
    assert str(found["source_begin"].dtype) == "Int64"
    assert found.index.tolist() == [0, 1, 2]


def test_pandas_may_name_articles_by_a_column_or_several_levels(client: gc.Client) -> None:
    frame = pd.DataFrame({"body": TEXTS, "key": [7, 8, 9]}).set_index([["x", "x", "y"], [1, 2, 3]])

    by_column = guillemet_client.pandas.extract_frame(frame, text="body", id="key", client=client)
    by_index = guillemet_client.pandas.extract_frame(frame, text="body", client=client)

    assert by_column["document"].tolist() == [7, 7, 9]
    assert by_index["document"].tolist() == [("x", 1), ("x", 1), ("y", 3)]


def test_polars_keeps_the_types_of_columns(client: gc.Client) -> None:
    found = guillemet_client.polars.extract_frame(pl.DataFrame({"body": []}, schema={"body": pl.String}), "body", client=client)

    assert found.schema["text"] == pl.String
    assert found.schema["source_begin"] == pl.Int64
    assert found.height == 0


@pytest.mark.parametrize(("cell", "kind"), [(1, "int"), (b"x", "bytes"), (["x"], "list")])
def test_what_is_no_text_is_an_error_of_its_place(client: gc.Client, service: Any, cell: Any, kind: str) -> None:
    with pytest.raises(gc.InvalidRequest, match=f"the text at position 1 is no str but {kind}") as caught:
        from_pandas(client, ["« a »", cell])
    assert (caught.value.reason, caught.value.index) == ("TEXT_MISSING", 1)
    assert service.streams == []

    rows = from_pandas(client, [cell, "« a »"], errors="return")

    assert [(row["document"], row["text"], row["error"]) for row in rows] == [(0, None, "TEXT_MISSING"), (1, "« a »", None)]


def test_a_column_of_numbers_holds_no_text(client: gc.Client) -> None:
    frame = pl.DataFrame({"body": [1, None]})

    with pytest.raises(gc.InvalidRequest, match="the text at position 0 is no str but int"):
        guillemet_client.polars.extract_frame(frame, "body", client=client)
    rows = guillemet_client.polars.extract_frame(frame, "body", client=client, errors="return").to_dicts()

    assert [(row["document"], row["error"]) for row in rows] == [(0, "TEXT_MISSING"), (1, "TEXT_MISSING")]


@pytest.mark.parametrize("twice", ["body", "key"])
def test_two_columns_of_the_name_are_refused(client: gc.Client, twice: str) -> None:
    frame = pd.DataFrame([["« a »", "a", "b"]], columns=["body", "key", twice])

    with pytest.raises(ValueError, match=f"2 columns of the frame have the name '{twice}'; one is accepted"):
        guillemet_client.pandas.extract_frame(frame, text="body", id="key", client=client)


@pytest.mark.parametrize("extract_frame", [guillemet_client.pandas.extract_frame, guillemet_client.polars.extract_frame])
@pytest.mark.parametrize("columns", [{"text": "text"}, {"text": "body", "id": "text"}])
def test_a_column_that_is_not_there_is_named(client: gc.Client, extract_frame: Any, columns: dict[str, str]) -> None:
    frame = pd if extract_frame is guillemet_client.pandas.extract_frame else pl

    with pytest.raises(ValueError, match=r"^no column 'text'; there are 'body', 'key'$"):
        extract_frame(frame.DataFrame({"body": ["« a »"], "key": ["a"]}), **columns, client=client)


def test_a_client_without_frames_imports_none() -> None:
    program = "import sys, guillemet_client; print({'pandas', 'polars', 'pyarrow'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_missing_extra_is_named(library: str) -> None:
    program = f"import sys; sys.modules['{library}'] = None; import guillemet_client.{library}"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    needs = f"guillemet_client.{library} needs {library}: install guillemet with its extra '{library}'"
    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: {needs}"
