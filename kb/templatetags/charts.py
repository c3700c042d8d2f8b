"""Charts as inline SVG, coloured by CSS classes, each with its figures as a table."""

from dataclasses import dataclass
from typing import Any

from django import template

register = template.Library()

WIDTH, HEIGHT, ROW, LABELS = 640, 140, 22, 220


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: position, size, series and title."""

    x: float
    y: float
    width: float
    height: float
    series: int
    says: str


@register.inclusion_tag("admin/kb/chart.html")
def chart(chart: Any) -> dict[str, Any]:
    """Return the context of a chart: bars, labels, legend and figures."""
    top = max((row[n] or 0 for row in chart.rows for n in chart.drawn), default=0)
    scale = top or 1
    return {
        "chart": chart,
        "bars": _across(chart, scale) if chart.across else _up(chart, scale),
        "labels": [(row[0], i * ROW + 15) for i, row in enumerate(chart.rows)] if chart.across else [],
        "width": WIDTH,
        "height": len(chart.rows) * ROW if chart.across else HEIGHT,
        "top": top,
        "first": chart.rows[0][0] if chart.rows else "",
        "last": chart.rows[-1][0] if chart.rows else "",
        "legend": [(series, chart.columns[n]) for series, n in enumerate(chart.drawn)],
    }


def _up(chart: Any, scale: float) -> list[Bar]:
    step = WIDTH / max(len(chart.rows), 1)
    bars = []
    for place, row in enumerate(chart.rows):
        for series, n in enumerate(chart.drawn):
            height = round((row[n] or 0) / scale * HEIGHT, 1)
            x, width = round(place * step + step * 0.1, 1), round(step * (0.8 - 0.3 * series), 1)
            bars.append(Bar(x, HEIGHT - height, width, height, series, _says(chart, row, n)))
    return bars


def _across(chart: Any, scale: float) -> list[Bar]:
    bars = []
    for place, row in enumerate(chart.rows):
        for series, n in enumerate(chart.drawn):
            width, height = round((row[n] or 0) / scale * (WIDTH - LABELS), 1), ROW - 6 - 6 * series
            bars.append(Bar(LABELS, place * ROW + 3, width, height, series, _says(chart, row, n)))
    return bars


def _says(chart: Any, row: tuple[Any, ...], n: int) -> str:
    value = "nothing" if row[n] is None else row[n]
    return f"{row[0]}: {chart.columns[n].lower()} {value}"
