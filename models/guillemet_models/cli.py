"""The commands that make models: they join the command line where this package is installed."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

_MISSING = "needs torch and what goes with it: install guillemet with its extra 'train'"


def add_commands(app: typer.Typer) -> None:
    """Add ``pretrain``, ``train``, ``export`` and ``calibrate``."""
    app.command()(pretrain)
    app.command()(train)
    app.command()(export)
    app.command()(calibrate)


def pretrain(
    run: Annotated[Path, typer.Argument(help="TOML file that describes the run.", exists=True, dir_okay=False)],
) -> None:
    """Continue the pre-training of an encoder on raw text; the same command resumes a run."""
    try:
        from guillemet_models.training import pretraining  # noqa: PLC0415 (torch is not always there)
        from guillemet_models.training.run import OtherRunError  # noqa: PLC0415
    except ImportError as error:
        raise _refused("pretrain", _MISSING) from error
    try:
        config = pretraining.PretrainingConfig.read(run)
    except ValueError as error:
        raise _refused("pretrain", str(error)) from error
    try:
        pretraining.pretrain(config)
    except OtherRunError as error:
        raise _refused("pretrain", str(error)) from error


def train(
    run: Annotated[Path, typer.Argument(help="TOML file that describes the run.", exists=True, dir_okay=False)],
    *,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the file's.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder to write, instead of the file's.")] = None,
) -> None:
    """Fine-tune a model on annotated articles; the same command resumes a run."""
    try:
        from guillemet_models.training import train as training  # noqa: PLC0415
        from guillemet_models.training.reading import CorpusError  # noqa: PLC0415
        from guillemet_models.training.run import OtherRunError  # noqa: PLC0415
    except ImportError as error:
        raise _refused("train", _MISSING) from error
    try:
        config = training.TrainingConfig.read(run)
    except ValueError as error:
        raise _refused("train", str(error)) from error
    config = replace(config, seed=config.seed if seed is None else seed, output=output or config.output)
    try:
        training.train(config)
    except (CorpusError, OtherRunError) as error:
        raise _refused("train", str(error)) from error


def export(
    model: Annotated[Path, typer.Argument(help="Folder that training wrote.", exists=True, file_okay=False)],
    output: Annotated[Path, typer.Argument(help="Model folder to write; serve it with --model.")],
    *,
    name: Annotated[str, typer.Option(help="By which servers offer it.")] = "guillemet-fr",
    version: Annotated[str, typer.Option(help="Of the weights, semantic.")] = "0.1.0",
    bonus: Annotated[
        list[str],
        typer.Option(
            metavar="LAYER=NUMBER", help="Find more (above 0) or fewer spans of a layer or label: content.indirect=1."
        ),
    ] = [],  # noqa: B006 (typer copies it)
    int8: Annotated[
        bool, typer.Option("--int8", help="Add an int8 encoder, for CPUs made for it; measure first what it costs.")
    ] = False,
    torch: Annotated[bool, typer.Option("--torch", help="Add weights for GPUs: serve --runtime torch.")] = False,
) -> None:
    """Write a trained model as a folder that serves without torch."""
    try:
        from guillemet_models.model import QuotationModel  # noqa: PLC0415
        from guillemet_models.training import export as exporting  # noqa: PLC0415
        from guillemet_models.weights import ModelSettings  # noqa: PLC0415
    except ImportError as error:
        raise _refused("export", _MISSING) from error
    if not (model / "heads.json").exists():
        raise _refused("export", f"{model} holds no trained model (heads.json is missing)")
    try:
        settings = ModelSettings(name=name, version=version, sha256={}, bonus=dict(map(_bonus, bonus)))
    except ValueError as error:
        raise _refused("export", str(error)) from error
    exporting.export(QuotationModel.load(model), model / "tokenizer.json", output, settings, int8=int8, torch_too=torch)


def calibrate(
    model: Annotated[Path, typer.Argument(help="Model folder; its model.json is rewritten.", exists=True, file_okay=False)],
    gold: Annotated[
        Path, typer.Argument(help="Annotated articles that the model was not trained on.", exists=True, dir_okay=False)
    ],
) -> None:
    """Fit a model folder's probabilities to how often its answers are right."""
    try:
        from guillemet_models.training import calibrate as calibrating  # noqa: PLC0415
        from guillemet_models.weights import ModelFileError  # noqa: PLC0415
    except ImportError as error:
        raise _refused("calibrate", _MISSING) from error
    try:
        fits = calibrating.calibrate(model, gold)
    except (ModelFileError, ValueError) as error:
        raise _refused("calibrate", str(error)) from error
    for kind, fit in fits.items():
        typer.echo(f"{kind}: {fit.answers} answers, calibration error {fit.before:.3f}, now {fit.after:.3f}")
    for kind in sorted(set(calibrating.KINDS) - fits.keys()):
        typer.echo(f"{kind}: no answers, left as it was")


def _bonus(given: str) -> tuple[str, float]:
    layer, _, number = given.partition("=")
    try:
        return layer, float(number)
    except ValueError:
        raise ValueError(f"--bonus {given}: LAYER=NUMBER is accepted, as in content.indirect=1") from None


def _refused(command: str, why: str) -> typer.Exit:
    """Say why in one line; return what ends the command."""
    sys.stderr.write(f"guillemet {command} {why}\n" if why is _MISSING else f"guillemet {command}: {why}\n")
    return typer.Exit(2)
