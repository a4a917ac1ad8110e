"""Plain charts of a few curves as SVG: no library, and text that stays text. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from devtools.benchmarks.results import Curve

_WIDTH, _HEIGHT = 760, 380
_LEFT, _TOP, _RIGHT, _BOTTOM = 60, 34, 210, 44
_COLOURS = ("#1b6ca8", "#d1495b", "#2e8b57", "#e08e0b", "#6a4c93", "#5c677d", "#00a6a6", "#9c6644")
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.grid{stroke:#ddd}.axis{stroke:#333}.curve{fill:none;stroke-width:1.8}"
)


@dataclass(frozen=True)
class Chart:
    """A picture. With `logarithmic`, x is shown on a scale of powers of ten that begins at `least_x`."""

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    logarithmic: bool = False
    least_x: float = 0.0


def draw(chart: Chart) -> str:
    """The chart as an SVG document."""
    points = [point for curve in chart.curves for point in curve.points]
    x_ticks = _x_ticks(chart, [x for x, _ in points])
    y_ticks = _even_ticks(0.0, max((y for _, y in points), default=1.0))
    scale = _Scale(chart, (x_ticks[0], x_ticks[-1]), (y_ticks[0], y_ticks[-1]))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{escape(chart.title)}</title><style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(_LEFT, 20, chart.title, "font-weight:bold"),
        *(_vertical(scale, tick) for tick in x_ticks),
        *(_horizontal(scale, tick) for tick in y_ticks),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, chart.x_label, "text-anchor:middle"),
        _text(_WIDTH - _RIGHT + 14, _TOP + 4, chart.y_label, "font-style:italic"),
    ]
    for number, curve in enumerate(chart.curves):
        colour = _COLOURS[number % len(_COLOURS)]
        line = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in curve.points)
        parts.append(f'<polyline class="curve" stroke="{colour}" points="{line}"/>')
        parts.append(_text(_WIDTH - _RIGHT + 14, _TOP + 24 + 17 * number, curve.name, f"fill:{colour}"))
    return "\n".join([*parts, "</svg>", ""])


@dataclass(frozen=True)
class _Scale:
    chart: Chart
    span_x: tuple[float, float]
    span_y: tuple[float, float]

    def x(self, value: float) -> float:
        least, most = self.span_x
        if self.chart.logarithmic:
            share = math.log(max(value, least) / least) / math.log(most / least)
        else:
            share = (value - least) / (most - least)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        least, most = self.span_y
        return _HEIGHT - _BOTTOM - (value - least) / (most - least) * (_HEIGHT - _TOP - _BOTTOM)


def _x_ticks(chart: Chart, values: Iterable[float]) -> list[float]:
    most = max(values, default=1.0)
    if not chart.logarithmic:
        return _even_ticks(chart.least_x, most)
    steps = max(1, math.ceil(math.log10(max(most, chart.least_x) / chart.least_x)))
    return [chart.least_x * 10**step for step in range(steps + 1)]


def _even_ticks(least: float, most: float) -> list[float]:
    """About five round numbers that enclose both."""
    rough = max(most - least, 1e-9) / 5
    magnitude = 10 ** math.floor(math.log10(rough))
    step = next(magnitude * each for each in (1, 2, 5, 10) if magnitude * each >= rough)
    return [least + step * number for number in range(math.ceil((most - least) / step - 1e-9) + 1)] or [least, most]


def _vertical(scale: _Scale, tick: float) -> str:
    x = scale.x(tick)
    line = f'<line class="grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_HEIGHT - _BOTTOM}"/>'
    return line + _text(x, _HEIGHT - _BOTTOM + 16, f"{tick:g}", "text-anchor:middle")


def _horizontal(scale: _Scale, tick: float) -> str:
    y = scale.y(tick)
    line = f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>'
    return line + _text(_LEFT - 6, y + 4, f"{tick:g}", "text-anchor:end")


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" style="{style}">{escape(text)}</text>'
