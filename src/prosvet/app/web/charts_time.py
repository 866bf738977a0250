"""Pictures of what changes from day to day: columns, a line with gaps, a strip against a limit.

Drawn on the server as the other charts are; colours come from ``charts.css`` and ``monitoring.css`` by class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from markupsafe import Markup

__all__ = ["day_columns", "day_line", "limit_strip"]

_WIDTH, _HEIGHT = 420.0, 150.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 414.0, 8.0, 122.0

Write = Callable[[float], str]


def day_columns(values: Sequence[int], days: Sequence[str], *, name: str, title: str, told: str) -> Markup:
    """A column for each day; `days` are its labels, of which the first, the middle and the last are written."""
    top = max([*values, 1])
    width = (_RIGHT - _LEFT) / max(len(values), 1)
    body = [_frame(days, ((0.0, "0"), (1.0, str(top))))]
    for place, value in enumerate(values):
        height = (_BOTTOM - _TOP) * value / top
        if value:
            body.append(
                f'<rect class="chart-column" x="{_plain(_LEFT + place * width + width * 0.12)}" '
                f'y="{_plain(_BOTTOM - height)}" width="{_plain(width * 0.76)}" height="{_plain(height)}"/>'
            )
    return _svg(body, name, title, told)


def day_line(
    values: Sequence[float | None], days: Sequence[str], *, name: str, title: str, told: str, top: float, write: Write
) -> Markup:  # fmt: skip
    """A line of values from 0 to `top`, broken where a day has none; `write` puts a value into words."""
    step = (_RIGHT - _LEFT) / max(len(values) - 1, 1)
    body, pieces, pen = [_frame(days, ((0.0, write(0.0)), (0.5, write(top / 2)), (1.0, write(top))))], [], "M"
    for place, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        x, y = _LEFT + place * step, _BOTTOM - (_BOTTOM - _TOP) * min(value / (top or 1.0), 1.0)
        pieces.append(f"{pen}{_plain(x)} {_plain(y)}")
        body.append(f'<circle class="chart-dot" cx="{_plain(x)}" cy="{_plain(y)}" r="2.6"/>')
        pen = "L"
    if pieces:
        body.insert(1, f'<path class="chart-line" d="{"".join(pieces)}"/>')
    return _svg(body, name, title, told)


def limit_strip(values: Sequence[float], *, told: str, most: float = 3.0) -> Markup:
    """A small line of ratios; the dashed line is 1, the limit, and what passes it is marked."""
    width, height = 220.0, 34.0
    step = (width - 8) / max(len(values) - 1, 1)

    def at(value: float) -> float:
        return height - 4 - (height - 8) * min(value, most) / most

    points = [(4 + place * step, at(value)) for place, value in enumerate(values)]
    body = [f'<path class="chart-even" d="M4 {_plain(at(1.0))}H{width - 4:g}"/>']
    if points:
        path = "L".join(f"{_plain(x)} {_plain(y)}" for x, y in points)
        body.append(f'<path class="chart-line" d="M{path}"/>')
    for value, (x, y) in zip(values, points, strict=True):
        if value >= 1:
            body.append(f'<circle class="chart-over" cx="{_plain(x)}" cy="{_plain(y)}" r="3"/>')
    inside = "".join(body)
    said = f'role="img" aria-label="{escape(told)}"'
    return Markup(f'<svg class="chart-limit" viewBox="0 0 {width:g} {height:g}" {said}>{inside}</svg>')


def _frame(days: Sequence[str], ticks: Sequence[tuple[float, str]]) -> str:
    """Lines and words of the two axes."""
    made = []
    for share, words in ticks:
        y = _BOTTOM - (_BOTTOM - _TOP) * share
        made.append(f'<path class="chart-grid" d="M{_LEFT:g} {_plain(y)}H{_RIGHT:g}"/>')
        made.append(f'<text x="{_LEFT - 6:g}" y="{_plain(y + 4)}" text-anchor="end">{escape(words)}</text>')
    if days:
        wanted = {0: "start", len(days) - 1: "end"} | ({len(days) // 2: "middle"} if len(days) > 4 else {})
        for place, anchor in wanted.items():
            x = _LEFT + (_RIGHT - _LEFT) * (place / max(len(days) - 1, 1))
            made.append(
                f'<text x="{_plain(x)}" y="{_HEIGHT - 8:g}" text-anchor="{anchor}">{escape(days[place])}</text>'
            )
    return "".join(made)


def _svg(body: Sequence[str], name: str, title: str, told: str) -> Markup:
    words = f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(told)}</desc>'
    inside = words + "".join(body)
    return Markup(
        f'<svg class="chart chart-time" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
        f'aria-labelledby="{name}-t {name}-d">{inside}</svg>'
    )


def _plain(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
