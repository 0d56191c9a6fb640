"""``guillemet bench`` and ``guillemet soak``. What they need is imported when they run."""

import asyncio
import json
import selectors
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import typer

T = TypeVar("T")

_MINUTES = {"cancellations": 10.0, "traffic": 20.0}
_NEEDED = "install guillemet with its extra 'bench'"


def add_commands(app: typer.Typer) -> None:
    """Add ``bench`` and ``soak`` to the application."""
    app.command()(bench)
    app.command()(soak)


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
        _fail("bench", f"{plot}: a plot is an .svg or a .png", 2)
    _check_written("bench", json_file, plot)
    _check_threads("bench", threads)
    with _one_line("bench", server):
        from rich.console import Console  # noqa: PLC0415 (see the module's docstring)

        from guillemet_bench.benchmark import FULL, QUICK, Benchmark  # noqa: PLC0415
        from guillemet_bench.plotting import plot as draw  # noqa: PLC0415
        from guillemet_bench.printing import print_figures  # noqa: PLC0415

        said = Console(stderr=True)
        plan = QUICK if quick else FULL
        benchmark = Benchmark(plan, model=model, threads=threads, seed=seed, say=said.print)
        _run(benchmark.run() if server is None else benchmark.run_against(server))
        figures = benchmark.figures
        print_figures(figures, Console())
        _write(figures.to_json(), json_file)
        if plot is not None:
            draw(figures, plot)


def soak(
    load: Annotated[
        Literal["cancellations", "traffic"],
        typer.Argument(
            help="cancellations: saturated, 30 % of the requests cancelled; then 10,000 deadlines of 5 ms. "
            "traffic: 80 % of that load, a new client every second, 10 % cancelled, 1 % hostile."
        ),
    ],
    *,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Without it, 10 and 20.")] = None,
    articles: Annotated[int, typer.Option(min=1, help="Different ones, sent over and over.")] = 240,
    model: Annotated[Path | None, typer.Option(help="Model folder; without it, the embedded model.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Of the server; without it, one a CPU.")] = None,
    seed: Annotated[int, typer.Option(help="Of the texts and of chance.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures there.")] = None,
) -> None:
    """Load a server for long: every answer is compared with the model's own, nothing may be left over, memory may not grow.

    Ends with 1 if something does not hold. The load generator runs on this machine, and its CPUs are shared.
    """
    _check_written("soak", json_file)
    _check_threads("soak", threads)
    with _one_line("soak", None):
        from rich.console import Console  # noqa: PLC0415

        from guillemet_bench.printing import print_soak  # noqa: PLC0415
        from guillemet_bench.soaking import soak as run  # noqa: PLC0415

        said = Console(stderr=True)
        lasting = _MINUTES[load] if minutes is None else minutes
        found = _run(run(load, minutes=lasting, number=articles, model=model, threads=threads, seed=seed, say=said.print))
        print_soak(found, Console())
        _write(found.to_json(), json_file)
    broken = [it for it in found.conditions if not it.holds]
    for condition in broken:
        sys.stderr.write(f"guillemet soak: {condition}\n")
    raise typer.Exit(bool(broken))


def _check_written(command: str, *files: Path | None) -> None:
    """Refuse what cannot be written, before minutes are measured for it."""
    for file in files:
        if file is not None and (file.is_dir() or not file.parent.is_dir()):
            _fail(command, f"{file} cannot be written; a file in a folder that exists is accepted", 2)


def _check_threads(command: str, threads: int | None) -> None:
    """Refuse more than a server accepts, before a model is loaded for them."""
    from guillemet_models.cpus import usable_cpus  # noqa: PLC0415

    if threads is not None and threads > (cpus := usable_cpus()):
        _fail(command, f"--threads {threads:,}: this process has {cpus} CPUs; no more threads are accepted", 2)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Return what comes of `work`, in a loop that sends what is due when it is due: select() waits by µs, epoll by ms."""
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        return runner.run(work)


@contextmanager
def _one_line(command: str, server: str | None) -> Iterator[None]:
    """Say what went wrong in one line."""
    try:
        import grpc  # noqa: PLC0415

        from guillemet_models.weights import ModelFileError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        _fail(command, f"{error.name} is not installed; {_NEEDED}", 2)
    try:
        yield
    except ModuleNotFoundError as error:
        _fail(command, f"{error.name} is not installed; {_NEEDED}", 2)
    except (ModelFileError, RuntimeError) as error:
        _fail(command, str(error), 1)
    except grpc.RpcError as error:
        _fail(command, f"{server or 'the server'}: {error.code().name}: {error.details()}", 1)
    except OSError as error:
        _fail(command, f"cannot write {error.filename}: {error.strerror}", 1)


def _write(figures: dict[str, Any], file: Path | None) -> None:
    if file is not None:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _fail(command: str, sentence: str, status: int) -> NoReturn:
    sys.stderr.write(f"guillemet {command}: {sentence}\n")
    raise typer.Exit(status)
