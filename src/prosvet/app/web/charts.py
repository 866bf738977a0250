"""Pictures of measured figures as SVG: ROC, reliability, an interval on a line, a signed difference.

Drawn on the server, with a title and a description for those who do not see them. Colours come from ``charts.css`` by
class: the pages allow no inline style.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from markupsafe import Markup

__all__ = ["difference_bar", "interval_line", "reliability_chart", "roc_chart"]

Decimal = Callable[[float, int], str]
Point = tuple[float, float]

_WIDTH, _HEIGHT = 260.0, 236.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 250.0, 10.0, 190.0
_TICKS = (0.0, 0.5, 1.0)


def roc_chart(
    line: Sequence[Point], marks: Sequence[tuple[str, Point]], *, name: str, title: str, told: str,
    axes: tuple[str, str], decimal: Decimal,
) -> Markup:  # fmt: skip
    """The ROC of one finding.

    Parameters
    ----------
    line : sequence of (1 - specificity, sensitivity)
    marks : sequence of (class, point)
        Operating points; the class draws them.
    name : str
        Unique on the page: the ids of the title and the description begin with it.
    title, told : str
        What the picture is, and what it shows in words.
    axes : (x, y)
        Their names.
    decimal : callable
        Writes a number of so many digits in the page's language.
    """
    path = "M" + "L".join(f"{_x(x)} {_y(y)}" for x, y in line)
    body = [
        f'<path class="chart-even" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>',
        f'<path class="chart-line" d="{path}"/>',
    ]
    body += [_mark(kind, point) for kind, point in marks]
    return _square(body, name, title, told, axes, decimal)


def _mark(kind: str, point: Point) -> str:
    """A dot for one operating point, a square for another: they differ without colour too."""
    x, y = _x(point[0]), _y(point[1])
    if kind == "sensitive":
        left, top = float(x) - 4.5, float(y) - 4.5
        return f'<rect class="chart-mark chart-{kind}" x="{left:g}" y="{top:g}" width="9" height="9"/>'
    return f'<circle class="chart-mark chart-{kind}" cx="{x}" cy="{y}" r="5"/>'


def reliability_chart(
    bins: Sequence[tuple[float, float, float, float]], *, name: str, title: str, told: str, axes: tuple[str, str],
    decimal: Decimal,
) -> Markup:  # fmt: skip
    """Predicted probability against the share that has the finding.

    Parameters
    ----------
    bins : sequence of (mean probability, share, low, high)
    """
    body = [f'<path class="chart-even" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>']
    for mean, share, low, high in bins:
        body.append(f'<path class="chart-whisker" d="M{_x(mean)} {_y(low)}V{_y(high)}"/>')
        body.append(f'<circle class="chart-dot" cx="{_x(mean)}" cy="{_y(share)}" r="4"/>')
    return _square(body, name, title, told, axes, decimal)


def interval_line(value: float, low: float | None, high: float | None, *, told: str, start: float = 0.0) -> Markup:
    """A value with its interval on a line from `start` to 1, half of it (chance) marked when it is in range."""

    def at(share: float) -> str:
        return _plain(4 + 152 * (min(max(share, start), 1.0) - start) / (1 - start))

    body = ['<path class="chart-axis" d="M4 10H156"/>']
    if start < 0.5:
        body.append(f'<path class="chart-even" d="M{at(0.5)} 2V18"/>')
    if low is not None and high is not None:
        body.append(f'<path class="chart-whisker" d="M{at(low)} 10H{at(high)}"/>')
    body.append(f'<circle class="chart-dot" cx="{at(value)}" cy="10" r="4"/>')
    return _svg(body, "chart-strip", 160, 20, f'role="img" aria-label="{escape(told)}"')


def difference_bar(difference: float, *, told: str) -> Markup:
    """A bar from the middle to the left (less) or to the right (more); the whole half is a difference of 1."""
    half, middle = 58.0, 60.0
    width = max(half * min(abs(difference), 1.0), 1.0)
    start = middle if difference >= 0 else middle - width
    kind = "chart-more" if difference >= 0 else "chart-less"
    body = ['<path class="chart-axis" d="M2 9H118"/>', f'<path class="chart-even" d="M{middle:g} 1V17"/>',
            f'<rect class="{kind}" x="{_plain(start)}" y="4" width="{_plain(width)}" height="10"/>']  # fmt: skip
    return _svg(body, "chart-strip", 120, 18, f'role="img" aria-label="{escape(told)}"')


def _square(
    body: Iterable[str], name: str, title: str, told: str, axes: tuple[str, str], decimal: Decimal
) -> Markup:  # fmt: skip
    frame = [
        f'<rect class="chart-frame" x="{_LEFT:g}" y="{_TOP:g}" width="{_RIGHT - _LEFT:g}" height="{_BOTTOM - _TOP:g}"/>'
    ]
    for tick in _TICKS:
        words = escape(decimal(tick, 1))
        frame.append(f'<path class="chart-grid" d="M{_x(tick)} {_TOP:g}V{_BOTTOM:g}M{_LEFT:g} {_y(tick)}H{_RIGHT:g}"/>')
        frame.append(
            f'<text class="chart-tick" x="{_x(tick)}" y="{_BOTTOM + 16:g}" text-anchor="middle">{words}</text>'
        )
        frame.append(
            f'<text class="chart-tick" x="{_LEFT - 6:g}" y="{float(_y(tick)) + 4:g}" text-anchor="end">{words}</text>'
        )
    middle_x, middle_y = (_LEFT + _RIGHT) / 2, (_TOP + _BOTTOM) / 2
    frame.append(
        f'<text class="chart-word" x="{middle_x:g}" y="{_HEIGHT - 8:g}" text-anchor="middle">{escape(axes[0])}</text>'
    )
    frame.append(
        f'<text class="chart-word" x="12" y="{middle_y:g}" text-anchor="middle" '
        f'transform="rotate(-90 12 {middle_y:g})">{escape(axes[1])}</text>'
    )
    told_of = [f'<title id="{name}-t">{escape(title)}</title>', f'<desc id="{name}-d">{escape(told)}</desc>']
    role = f'role="img" aria-labelledby="{name}-t {name}-d"'
    return _svg([*told_of, *frame, *body], "chart", _WIDTH, _HEIGHT, role)


def _svg(body: Iterable[str], kind: str, width: float, height: float, role: str) -> Markup:
    inside = "".join(body)
    return Markup(f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" {role}>{inside}</svg>')


def _x(value: float) -> str:
    return _plain(_LEFT + value * (_RIGHT - _LEFT))


def _y(value: float) -> str:
    return _plain(_BOTTOM - value * (_BOTTOM - _TOP))


def _plain(value: float) -> str:
    """A tenth of a pixel, without idle zeros."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
