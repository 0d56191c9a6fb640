"""The saturation curve."""

from pathlib import Path

from matplotlib.figure import Figure

from guillemet_bench.figures import Figures

_WIDTH_INCHES, _HEIGHT_INCHES = 9.0, 3.6


def plot(figures: Figures, path: Path) -> None:
    """Draw goodput and latency over the open load.

    Args:
        figures: With open loads.
        path: Its suffix, .svg or .png, says the format.
    """
    figure = Figure(figsize=(_WIDTH_INCHES, _HEIGHT_INCHES), layout="constrained")
    goodput, latency = figure.subplots(1, 2)
    loads = [100 * (load.of_saturation or 0.0) for load in figures.open]
    goodput.plot(loads, [load.words_per_s for load in figures.open], "o-", label="answered")
    goodput.axhline(figures.raw_words_per_s, linestyle="--", color="grey", label="raw model")
    goodput.set(xlabel="load, % of saturation", ylabel="words a second", ylim=(0, None), title="Goodput")
    goodput.legend()
    for name in ("p50", "p90", "p99"):
        latency.plot(loads, [getattr(load, f"{name}_ms") for load in figures.open], "o-", label=f"answers, {name}")
    refused = [load.reject_p99_ms if load.reject_p99_ms is not None else float("nan") for load in figures.open]
    latency.plot(loads, refused, "x:", color="black", label="refusals, p99")
    latency.set(xlabel="load, % of saturation", ylabel="ms from the intended time", yscale="log", title="Latency")
    latency.legend()
    # The same figures make the same file.
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {"Software": None})
