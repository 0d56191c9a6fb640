"""Plots as SVG, in the colours around them; what they show stands in tables or in tooltips, too."""

import math
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from guillemet_evaluation.figures import Calibration, Score
from guillemet_evaluation.results import DECIMALS

# The square that a curve is drawn in, in the plot's own units, and the room for its scales.
_SIDE = 200
_LEFT, _TOP, _RIGHT, _BELOW = 48, 8, 12, 36
WIDTH, HEIGHT = _LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _BELOW
# The bars of how many answers there are reach up to here.
_BARS = 0.25
_RADII = 2.0, 5.0
# From one interval to the next, and beside the outer ones; along them a point is a unit.
_STRIP_STEP = 6


def reliability(name: str, calibration: Calibration) -> Markup:
    """Return which share of the answers is right, by what they state; and how many state it."""
    filled = [part for part in calibration.bins if part.answers]
    most = max((part.answers for part in filled), default=1)
    plot = _Square()
    bars = [plot.bar(part.low, part.high, _BARS * part.answers / most) for part in filled]
    places = [(part.stated, part.right) for part in filled]
    small, large = _RADII
    dots = [
        plot.dot("dot", stated, right, small + (large - small) * math.sqrt(part.answers / most), f"{part.answers:,} answers")
        for part, (stated, right) in zip(filled, places, strict=True)
    ]
    content = [*bars, plot.line("ideal", [(0, 0), (1, 1)]), plot.line("curve", places), *dots]
    return plot.framed(f"Reliability, {name}", "stated probability", "share right", content)


def risk_coverage(name: str, calibration: Calibration, *, top: float = 1.0) -> Markup:
    """Return which share of the answers is wrong where only the surest, so many, are kept; `top` ends the scale of shares."""
    places = [(point.coverage, point.risk) for point in calibration.risk_coverage]
    plot = _Square(top)
    dots = [
        plot.dot("hit", *place, _RADII[1], f"probability from {point.probability:.2f}")
        for point, place in zip(calibration.risk_coverage, places, strict=True)
    ]
    return plot.framed(f"Risk and coverage, {name}", "share kept", "share wrong", [plot.line("curve", places), *dots])


def top_risk(calibrations: Iterable[Calibration]) -> float:
    """Return where a scale of risks ends that is to hold those of all."""
    risks = [point.risk for calibration in calibrations for point in calibration.risk_coverage]
    return max(1, math.ceil(4 * max(risks, default=1))) / 4


def strip(scores: Mapping[str, Score]) -> Markup:
    """Return the F1 of each score within its interval, one below the other, on a scale of points."""
    height = _STRIP_STEP * (len(scores) + 1)
    parts = [Markup('<path class="scale" d="{}"/>').format("".join(f"M{x} 0v{height}" for x in (0, 25, 50, 75, 100)))]
    for number, (name, score) in enumerate(scores.items()):
        y = _STRIP_STEP * (number + 1)
        low, high = (100 * bound for bound in score.f1_interval)
        if not math.isnan(low):  # else no resample held any
            parts.append(Markup('<path class="{}" d="M{:.2f} {}H{:.2f}"/>').format(name, low, y, high))
        if not math.isnan(score.f1):
            parts.append(Markup('<path class="{} value" d="M{:.2f} {}v4"/>').format(name, 100 * score.f1, y - 2))
    return Markup('<svg class="strip" viewBox="0 0 100 {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>').format(
        height, Markup().join(parts)
    )


class _Square:
    """A plot of shares, from 0 to 1 and from 0 to `top`."""

    def __init__(self, top: float = 1.0) -> None:
        self._top = top

    def framed(self, title: str, x_name: str, y_name: str, content: Iterable[Markup]) -> Markup:
        """Return the plot with its scales."""
        ticks = (0.0, 0.5, 1.0)
        parts = [
            *(_text(f"{tick:g}", "middle", self._x(tick), _SIDE + _TOP + 14) for tick in ticks),
            *(_text(f"{tick * self._top:g}", "end", _LEFT - 6, self._y(tick * self._top) + 3.5) for tick in ticks),
            _text(x_name, "middle", self._x(0.5), _SIDE + _TOP + 30),
            Markup('<g transform="translate(11 {}) rotate(-90)">{}</g>').format(
                _TOP + _SIDE / 2, _text(y_name, "middle", 0, 0)
            ),
            self.line("frame", [(0, self._top), (0, 0), (1, 0)]),
            *content,
        ]
        return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
            WIDTH, HEIGHT, title, Markup().join(parts)
        )

    def line(self, name: str, places: Sequence[tuple[float, float]]) -> Markup:
        path = "L".join(f"{self._x(x):.1f} {self._y(y):.1f}" for x, y in places)
        return Markup('<path class="{}" d="M{}"/>').format(name, path) if places else Markup()

    def dot(self, name: str, x: float, y: float, radius: float, words: str) -> Markup:
        place = Markup('cx="{:.1f}" cy="{:.1f}" r="{:.1f}"').format(self._x(x), self._y(y), radius)
        exact = Markup('data-x="{}" data-y="{}"').format(round(x, DECIMALS), round(y, DECIMALS))
        return Markup('<circle class="{}" {} {}><title>{}</title></circle>').format(
            name, place, exact, f"{x:.2f}, {y:.3f}: {words}"
        )

    def bar(self, low: float, high: float, height: float) -> Markup:
        return Markup('<rect class="answers" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            self._x(low) + 1, self._y(height), self._x(high) - self._x(low) - 2, _SIDE * height
        )

    def _x(self, share: float) -> float:
        return _LEFT + _SIDE * share

    def _y(self, share: float) -> float:
        return _TOP + _SIDE * (1 - share / self._top)


def _text(words: str, anchor: str, x: float, y: float) -> Markup:
    return Markup('<text text-anchor="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(anchor, x, y, words)
