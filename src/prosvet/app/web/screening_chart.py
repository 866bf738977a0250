"""The trade-off of screening as SVG: the sensitivity that is proved against the share of normals cleared."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from prosvet.app.web.words import filters
from prosvet.core.i18n import Lang, text

__all__ = ["tradeoff_chart"]

_WIDTH, _HEIGHT = 560.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 66.0, 534.0, 14.0, 246.0
_FLOORS = (0.0, 0.6, 0.8, 0.9, 0.96)  # where the upright axis may begin: a quarter of the rest is a round number

Point = tuple[float, float]


def tradeoff_chart(line: Sequence[Point], chosen: Point, lang: Lang) -> Markup:
    """The curve with the chosen point.

    Parameters
    ----------
    line : sequence of (share of normals cleared, sensitivity proved)
    chosen : (share cleared, sensitivity proved)
        Marked with a dot and with lines to both axes.
    """
    percent = filters(lang)["percent"]
    floor = max(step for step in _FLOORS if step <= max(0.0, chosen[1] - 0.005))
    shown = [(x, y) for x, y in line if y >= floor] or [chosen]

    def at(point: Point) -> tuple[float, float]:
        height = (point[1] - floor) / (1 - floor)
        return _LEFT + point[0] * (_RIGHT - _LEFT), _BOTTOM - height * (_BOTTOM - _TOP)

    x, y = at(chosen)
    steps = "L".join(f"{a:.1f} {b:.1f}" for a, b in map(at, shown))
    body = [
        *_frame(floor, lang),
        f'<path class="chart-line" d="M{steps}"/>',
        f'<path class="chart-even" d="M{_LEFT:g} {y:.1f}H{x:.1f}V{_BOTTOM:g}"/>',
        f'<circle class="chart-mark chart-balanced" cx="{x:.1f}" cy="{y:.1f}" r="6"/>',
    ]
    title = escape(text("screening_page.curve", lang))
    told = escape(text("screening_page.curve_told", lang, low=percent(chosen[1], 2), cleared=percent(chosen[0])))
    head = f'<title id="tradeoff-t">{title}</title><desc id="tradeoff-d">{told}</desc>'
    return Markup(
        f'<svg class="chart screen-chart" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
        f'aria-labelledby="tradeoff-t tradeoff-d">{head}{"".join(body)}</svg>'
    )


def _frame(floor: float, lang: Lang) -> list[str]:
    """Frame, grid, ticks and the names of the axes."""
    percent = filters(lang)["percent"]
    made = [
        f'<rect class="chart-frame" x="{_LEFT:g}" y="{_TOP:g}" width="{_RIGHT - _LEFT:g}" height="{_BOTTOM - _TOP:g}"/>'
    ]
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _LEFT + part * (_RIGHT - _LEFT), _BOTTOM - part * (_BOTTOM - _TOP)
        words = escape(percent(floor + part * (1 - floor), 1))
        made.append(f'<path class="chart-grid" d="M{x:g} {_TOP:g}V{_BOTTOM:g}M{_LEFT:g} {y:g}H{_RIGHT:g}"/>')
        made.append(f'<text x="{x:g}" y="{_BOTTOM + 18:g}" text-anchor="middle">{escape(percent(part))}</text>')
        made.append(f'<text x="{_LEFT - 8:g}" y="{y + 4:g}" text-anchor="end">{words}</text>')
    middle = (_TOP + _BOTTOM) / 2
    across = escape(text("screening_page.axes.cleared", lang))
    up = escape(text("screening_page.axes.sensitivity", lang))
    made.append(f'<text x="{(_LEFT + _RIGHT) / 2:g}" y="{_HEIGHT - 14:g}" text-anchor="middle">{across}</text>')
    made.append(f'<text x="14" y="{middle:g}" text-anchor="middle" transform="rotate(-90 14 {middle:g})">{up}</text>')
    return made
