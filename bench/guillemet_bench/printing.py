"""Figures as tables."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from guillemet_bench.figures import Figures, Load
from guillemet_bench.outcomes import Outcomes
from guillemet_bench.soaking import Soak


def print_figures(figures: Figures, console: Console) -> None:
    """Print all that was measured."""
    _print_circumstances(figures.machine, figures.model, console)
    console.print(_throughput(figures))
    console.print(
        f"one at a time: {figures.raw_latency_ms_p50:.1f} ms raw, {figures.added_latency_ms_p50:+.1f} ms served (medians)"
    )
    console.print(_loads("closed loop, unary", figures.closed))
    console.print(
        _loads("open loop, unary; latency from the intended time, medians in the queue, p99 until refused", figures.open)
    )
    if it := figures.overload:
        ratios = f"{it.goodput_ratio:.1%} ({min(it.goodput_ratios):.1%} to {max(it.goodput_ratios):.1%})"
        refused = "–" if it.reject_p99_ms is None else f"{it.reject_p99_ms:.1f}"
        console.print(
            f"{it.of_saturation:.0%} by turns with {it.best_of_saturation:.0%}, whose goodput was the best: {ratios} of it, "
            f"refused in {refused} ms (p99)",
            soft_wrap=True,
        )
    console.print(_table("p99 of a quiet unary caller beside", ("", "ms"), figures.beside_p99_ms.items()))
    console.print(_table("the server", ("", ""), _server(figures)))


def print_soak(soak: Soak, console: Console) -> None:
    """Print what became of a server under load for long, and whether that is as it should be."""
    _print_circumstances(soak.machine, soak.model, console)
    console.print(_table("requests", ("", "sent", "answered", "wrong", "cancelled", "failed"), _guests(soak)))
    if it := soak.traffic:
        console.print(f"saturated by {it.saturation_words_per_s:,.0f} words/s; {it.clients:,} clients left, and others came")
        console.print(_loads(f"{len(it.laps)} laps, open loop, unary; latency from the intended time", it.laps))
    if them := soak.traffic or soak.cancellations:
        console.print(f"RSS {them.rss_bytes_early / 2**20:.1f} MiB early, {them.rss_bytes_late / 2**20:.1f} MiB at the end")
    if storm := soak.storm:
        console.print(f"an answer right behind {storm.requests:,} deadlines of 5 ms: {storm.ms_until_next_answer:.0f} ms")
    rows = [(it.name, it.seen, it.accepted, "yes" if it.holds else "NO") for it in soak.conditions]
    console.print(_table("conditions", ("", "seen", "accepted", "holds"), rows))


def _print_circumstances(machine: Mapping[str, Any], model: Mapping[str, Any], console: Console) -> None:
    circumstances = [
        f"{machine['cpu']}, {machine['cpus']} CPUs ({', '.join(machine['int8']) or 'no int8'})",
        f"load {machine['load_before']:.1f} before",
        f"{model['name']} {model['version']}, {model['precision']}, {model['threads']} threads",
        machine["shared"],
    ]
    console.print("; ".join(circumstances), soft_wrap=True)


def _guests(soak: Soak) -> Iterable[tuple[object, ...]]:
    kinds: dict[str, Outcomes] = {}
    if soak.cancellations:
        kinds["articles"] = soak.cancellations.outcomes
    if soak.traffic:
        guests = soak.traffic.guests
        kinds |= {"articles": guests.articles, "hostile texts": guests.strange, "malformed messages": guests.malformed}
    for name, it in kinds.items():
        yield name, *(f"{count:,}" for count in (it.sent, it.answered, it.wrong, it.cancelled, it.failures))
    if soak.traffic:
        yield "connections of noise", f"{soak.traffic.guests.noise:,}", *(["–"] * 4)


def _throughput(figures: Figures) -> Table:
    rows: list[tuple[object, ...]] = [("raw model", figures.raw_words_per_s, None, "")]
    for name, it in figures.throughput.items():
        rows.append((name, it.words_per_s, it.ratio, f"{min(it.ratios):.3f} to {max(it.ratios):.3f}"))
    return _table("saturated", ("", "words/s", "of raw", "repetitions"), rows)


def _loads(title: str, loads: Iterable[Load]) -> Table:
    names = ("load", "words/s", "p50 ms", "p90", "p99", "p99.9", "queued", "refused", "in ms", "other")
    rows = [
        (
            f"{load.of_saturation:.0%}" if load.of_saturation is not None else str(load.in_flight),
            load.words_per_s,
            load.p50_ms,
            load.p90_ms,
            load.p99_ms,
            load.p999_ms,
            load.queue_p50_ms,
            f"{load.reject_share:.1%}",
            load.reject_p99_ms,
            ", ".join(f"{count} {code}" for code, count in load.others.items()),
        )
        for load in loads
    ]
    return _table(title, names, rows)


def _server(figures: Figures) -> Iterable[tuple[str, str]]:
    if figures.cold_start_seconds is not None:
        yield "cold start", f"{figures.cold_start_seconds:.2f} s"
    for when, size in figures.rss_bytes.items():
        yield f"RSS {when}", f"{size / 2**20:.0f} MiB"
    if it := figures.cancellations:
        of = it.outcomes
        yield "cancelled, answered, failed, wrong", f"{of.cancelled:,}, {of.answered:,}, {of.failures:,}, {of.wrong:,}"
        yield "RSS at the end of that, to a fifth in", f"{it.rss_bytes_late / it.rss_bytes_early:.3f}"
    if storm := figures.storm:
        yield (
            "deadlines of 5 ms",
            f"{storm.answered:,} of {storm.requests:,} answered, {storm.cpu_share:.1%} of their CPU time spent",
        )
        yield "an answer right behind them", f"{storm.ms_until_next_answer:.0f} ms"
    if drained := figures.drain:
        yield (
            "SIGTERM under load",
            f"{drained.lost} of {drained.accepted} lost, exit {drained.exit_status} after {drained.seconds:.2f} s",
        )


def _table(title: str, names: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, name in enumerate(names):
        table.add_column(name, justify="right" if index else "left")
    for row in rows:
        table.add_row(*map(_cell, row))
    return table


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return str(value)
