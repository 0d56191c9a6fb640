"""A model folder that cannot be used is refused with the name of the file that is to blame."""

import json
import shutil
from pathlib import Path

import pytest

from guillemet_models.extractor import Extractor
from guillemet_models.runtime import OnnxRuntime
from guillemet_models.weights import (
    DESCRIPTION,
    EMBEDDINGS,
    ENCODER,
    ENCODER_INT8,
    RELATIONS,
    TOKENIZER,
    ModelFileError,
    ModelSettings,
    read_settings,
    sha256,
)

FILES = (ENCODER, EMBEDDINGS, RELATIONS, TOKENIZER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_bytes(name.encode())
    ModelSettings(name="any", version="1.0.0", sha256={name: sha256(tmp_path / name) for name in FILES}).write(tmp_path)
    return tmp_path


def test_settings_come_back_as_they_were_written(folder: Path) -> None:
    settings = read_settings(folder)

    assert settings.name == "any"
    assert settings.sha256.keys() == set(FILES)


@pytest.mark.parametrize("name", [DESCRIPTION, *FILES])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(ModelFileError, match=name):
        read_settings(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"other")

    with pytest.raises(ModelFileError, match=f"{name} is not the file"):
        read_settings(folder)


def test_a_changed_file_that_may_be_left_out_is_named_too(folder: Path) -> None:
    (folder / ENCODER_INT8).write_bytes(b"one")
    digests = {name: sha256(folder / name) for name in (*FILES, ENCODER_INT8)}
    ModelSettings(name="any", version="1.0.0", sha256=digests).write(folder)
    (folder / ENCODER_INT8).write_bytes(b"other")

    with pytest.raises(ModelFileError, match=ENCODER_INT8):
        read_settings(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"format": 1}', b"\xff\xfe"])
def test_a_damaged_description_is_named(folder: Path, content: bytes) -> None:
    (folder / DESCRIPTION).write_bytes(content)

    with pytest.raises(ModelFileError, match=DESCRIPTION):
        read_settings(folder)


@pytest.mark.parametrize("change", [{"unknown": 1}, {"sha256": None}, {"sha256": "abc"}])
def test_a_description_of_other_contents_is_refused(folder: Path, change: dict[str, object]) -> None:
    values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    (folder / DESCRIPTION).write_text(json.dumps(values | change), encoding="utf-8")

    with pytest.raises(ModelFileError, match=DESCRIPTION):
        read_settings(folder)


def test_another_format_is_refused_with_its_number(folder: Path) -> None:
    values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    (folder / DESCRIPTION).write_text(json.dumps(values | {"format": 99}), encoding="utf-8")

    with pytest.raises(ModelFileError, match=r"model\.json has format 99"):
        read_settings(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="nowhere"):
        Extractor.load(tmp_path / "nowhere")


def test_torch_needs_weights_of_its_own() -> None:
    with pytest.raises(ModelFileError, match="no weights for torch: guillemet export --torch writes them"):
        Extractor.load(runtime="torch")


def test_an_int8_encoder_that_the_description_does_not_know_is_refused(folder: Path) -> None:
    (folder / ENCODER_INT8).write_bytes(b"another's")

    with pytest.raises(ModelFileError, match=ENCODER_INT8):
        read_settings(folder)


def test_a_graph_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(ModelFileError, match=str(folder)):
        OnnxRuntime(folder)


def test_a_whole_folder_loads_from_anywhere(tiny_onnx_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "là bas"
    shutil.copytree(tiny_onnx_folder, folder)

    description = Extractor.load(folder, threads=1).description

    assert (description.name, description.version, description.runtime, description.threads) == ("tiny", "0.0.1", "onnx", 1)
    assert description.precision == "float32"
    assert description.sha256 == sha256(folder / ENCODER)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", 5),
        ("version", None),
        ("window_tokens", 0),
        ("window_tokens", "abc"),
        ("overlap_tokens", 1024),
        ("overlap_tokens", -1),
        ("bonus", {"content": "much"}),
        ("bonus", {"elsewhere": 1.0}),
        ("calibration", 5),
        ("calibration", {"quotation": [1]}),
        ("calibration", {"weather": [1, 0]}),
        ("sha256", {"encoder.onnx": 5}),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(folder: Path, key: str, value: object) -> None:
    values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    (folder / DESCRIPTION).write_text(json.dumps(values | {key: value}), encoding="utf-8")

    with pytest.raises(ModelFileError, match=key):
        read_settings(folder)
