"""``guillemet bench``. What it needs is imported when it runs."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer


def add_commands(app: typer.Typer) -> None:
    """Add ``bench`` to the application."""
    app.command()(bench)


def bench(
    *,
    server: Annotated[str | None, typer.Option(help="HOST:PORT of a running one; without it, own ones are started.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; without it, the embedded model.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Of the servers and the raw model; without it, one a CPU.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Less of everything, in under a minute.")] = False,
    seed: Annotated[int, typer.Option(help="Of the texts and of chance.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the saturation curve there: .svg or .png.")] = None,
) -> None:
    """Measure a server against the model alone: throughput, latency, overload, bad company, cancellations, shutdown.

    The load generator runs on this machine, and its CPUs are shared.
    """
    if plot is not None and plot.suffix not in (".svg", ".png"):
        _fail(f"{plot}: a plot is an .svg or a .png", 2)
    try:
        from rich.console import Console  # noqa: PLC0415 (see the module's docstring)

        from guillemet_bench.benchmark import FULL, QUICK, Benchmark  # noqa: PLC0415
        from guillemet_bench.plotting import plot as draw  # noqa: PLC0415
        from guillemet_bench.printing import print_figures  # noqa: PLC0415
        from guillemet_models.weights import ModelFileError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        _fail(f"{error.name} is not installed; it needs: pip install 'guillemet[bench]'", 2)
    import grpc  # noqa: PLC0415

    said = Console(stderr=True)
    try:
        plan = QUICK if quick else FULL
        benchmark = Benchmark(plan, model=model, threads=threads, seed=seed, say=said.print)
        asyncio.run(benchmark.run() if server is None else benchmark.run_against(server))
    except (ModelFileError, RuntimeError) as error:
        _fail(str(error), 1)
    except grpc.RpcError as error:
        _fail(f"{server or 'the server'}: {error.code().name}: {error.details()}", 1)
    figures = benchmark.figures
    print_figures(figures, Console())
    try:
        if json_file is not None:
            json_file.write_text(json.dumps(figures.to_json(), indent=2) + "\n", encoding="utf-8")
        if plot is not None:
            draw(figures, plot)
    except OSError as error:
        _fail(f"cannot write {error.filename}: {error.strerror}", 1)


def _fail(sentence: str, status: int) -> NoReturn:
    sys.stderr.write(f"guillemet bench: {sentence}\n")
    raise typer.Exit(status)
