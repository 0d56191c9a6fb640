"""The commands say in one line what is wrong, and end with 2."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from guillemet_models.cli import add_commands
from guillemet_models.extractor import Extractor
from guillemet_models.runtime import OnnxRuntime
from guillemet_models.tokenization import TextTokenizer
from guillemet_models.weights import ENCODER_INT8, TOKENIZER, read_settings


def run(*arguments: object) -> Result:
    app = typer.Typer()
    add_commands(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refusal(result: Result) -> str:
    """Return the one line."""
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("command", ["train", "pretrain"])
def test_an_unknown_key_is_named_in_one_line(command: str, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('encoder = "e"\ncorpus = "c"\noutput = "o"\ntokens = 1\nspeed = 3\n', encoding="utf-8")
    if command == "train":
        path.write_text('encoder = "e"\ncorpus = "c"\noutput = "o"\nspeed = 3\n', encoding="utf-8")

    line = refusal(run(command, path))

    assert line.startswith(f"guillemet {command}: ")
    assert "speed" in line
    assert str(path) in line


@pytest.mark.parametrize("command", ["train", "pretrain"])
def test_a_missing_key_is_named_in_one_line(command: str, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('encoder = "e"\n', encoding="utf-8")

    assert "corpus" in refusal(run(command, path))


@pytest.mark.parametrize("command", ["train", "pretrain"])
def test_a_file_that_is_no_toml_is_refused_in_one_line(command: str, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("encoder =\n", encoding="utf-8")

    assert str(path) in refusal(run(command, path))


@pytest.mark.parametrize("command", ["train", "pretrain"])
def test_a_run_whose_encoder_is_missing_is_refused_in_one_line(command: str, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    folder = tmp_path / "nowhere"
    tokens = "tokens = 100000\n" if command == "pretrain" else ""
    path.write_text(f'encoder = "{folder}"\ncorpus = "{folder}"\noutput = "{tmp_path}/o"\n{tokens}', encoding="utf-8")

    assert str(folder) in refusal(run(command, path))


@pytest.mark.parametrize("command", ["train", "pretrain", "export"])
def test_a_missing_file_or_folder_is_refused(command: str, tmp_path: Path) -> None:
    result = run(command, tmp_path / "nowhere", *([tmp_path] if command == "export" else []))

    assert result.exit_code == 2
    assert "nowhere" in "".join(result.stderr.split())


def test_a_run_takes_a_seed_and_an_output_and_no_other_run_takes_its_place(
    tiny_encoder_folder: Path, gold_documents: list[dict[str, Any]], tmp_path: Path
) -> None:
    corpus, path = tmp_path / "corpus.jsonl", tmp_path / "run.toml"
    corpus.write_text(json.dumps(min(gold_documents, key=lambda it: len(it["text"]))) + "\n", encoding="utf-8")
    path.write_text(f'encoder = "{tiny_encoder_folder}"\ncorpus = "{corpus}"\noutput = "{tmp_path}/file"\nepochs = 1\n')

    for seed in (3, 4):
        assert run("train", path, "--seed", seed, "--output", tmp_path / f"{seed}").exit_code == 0
    line = refusal(run("train", path, "--seed", 4, "--output", tmp_path / "3"))

    three, four = ((tmp_path / seed / "model.safetensors").read_bytes() for seed in ("3", "4"))
    assert three != four
    assert "another seed" in line
    assert not (tmp_path / "file").exists()


SPOILT = {
    "nothing": ("", "holds no document; at least one is needed"),
    "a broken line": ('{"id": "d"', "line 1: is no JSON"),
    "a document without entities": ('{"id": "d", "text": "Oui."}', "line 1, document d: entities: is missing"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_run_on_a_faulty_corpus_claims_no_folder(name: str, tiny_encoder_folder: Path, tmp_path: Path) -> None:
    corpus, path, output = tmp_path / "corpus.jsonl", tmp_path / "run.toml", tmp_path / "output"
    line, said = SPOILT[name]
    corpus.write_text(line, encoding="utf-8")
    path.write_text(f'encoder = "{tiny_encoder_folder}"\ncorpus = "{corpus}"\noutput = "{output}"\n', encoding="utf-8")

    assert refusal(run("train", path)).startswith(f"guillemet train: {corpus}: {said}")
    assert not output.exists()


@pytest.mark.parametrize("name", SPOILT)
def test_faulty_gold_leaves_a_calibration_as_it_was(name: str, tiny_onnx_folder: Path, tmp_path: Path) -> None:
    folder, gold = shutil.copytree(tiny_onnx_folder, tmp_path / "model"), tmp_path / "gold.jsonl"
    line, said = SPOILT[name]
    gold.write_text(line, encoding="utf-8")

    assert refusal(run("calibrate", folder, gold)).startswith(f"guillemet calibrate: {gold}: {said}")
    assert (folder / "model.json").read_bytes() == (tiny_onnx_folder / "model.json").read_bytes()


def test_what_gold_says_nothing_of_keeps_its_calibration(tiny_onnx_folder: Path, tmp_path: Path) -> None:
    folder, gold = shutil.copytree(tiny_onnx_folder, tmp_path / "model"), tmp_path / "gold.jsonl"
    gold.write_text('{"id": "d", "text": "Oui.", "entities": [], "quotations": []}\n', encoding="utf-8")
    replace(read_settings(folder), calibration={"speaker": (2.0, 0.5)}).write(folder)

    result = run("calibrate", folder, gold)

    assert result.exit_code == 0, result.output
    assert read_settings(folder).calibration["speaker"] == [2.0, 0.5]
    assert "speaker: no answers, left as it was" in result.stdout


def test_a_bonus_that_is_no_number_is_named(tiny_model_folder: Path, tmp_path: Path) -> None:
    line = refusal(run("export", tiny_model_folder, tmp_path / "out", "--bonus", "content.indirect"))

    assert line == "guillemet export: --bonus content.indirect: LAYER=NUMBER is accepted, as in content.indirect=1"


def test_a_folder_without_a_trained_model_is_refused_in_one_line(tmp_path: Path) -> None:
    line = refusal(run("export", tmp_path, tmp_path / "out"))

    assert "heads.json" in line


def test_a_trained_model_is_exported_and_reads(tiny_model_folder: Path, tmp_path: Path) -> None:
    result = run("export", tiny_model_folder, tmp_path, "--name", "mine", "--version", "3.2.1", "--int8")

    assert result.exit_code == 0, result.output
    settings = read_settings(tmp_path)
    assert (settings.name, settings.version) == ("mine", "3.2.1")
    assert ENCODER_INT8 in settings.sha256
    for precision in ("float32", "int8"):
        runtime = OnnxRuntime(tmp_path, threads=1, precision=precision)
        (document,) = Extractor(TextTokenizer(tmp_path / TOKENIZER), runtime, settings).extract(["« Oui », a dit Anne Roux."])
        assert document.windows == 1
