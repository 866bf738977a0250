"""The difference of local and global log loss with its interval, on one scale for all findings of a table."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from prosvet.models.adapter import Compared

__all__ = ["difference_line", "scale_of"]

_HALF, _MIDDLE = 74.0, 80.0
_LEAST = 0.01  # nats: a table of tiny differences is not blown up


def scale_of(rows: Iterable[Compared | None]) -> float:
    """The widest end of all intervals."""
    ends = [abs(end) for row in rows if row is not None for end in (row.loss_low, row.loss_high)]
    return max([_LEAST, *ends])


def difference_line(row: Compared | None, widest: float) -> Markup | None:
    """Zero in the middle; to the left the local model is better. Its figures stand beside it in words."""
    if row is None:
        return None
    value = row.loss_local - row.loss_global
    kind = "better" if row.loss_high < 0 else "worse" if row.loss_low > 0 else "even"
    low, middle, high = (_at(v, widest) for v in (row.loss_low, value, row.loss_high))
    return Markup(
        f'<svg class="chart-strip site-line site-{kind}" viewBox="0 0 160 20" aria-hidden="true">'
        f'<path class="chart-axis" d="M4 10H156"/><path class="chart-even" d="M{_MIDDLE:g} 2V18"/>'
        f'<path class="chart-whisker" d="M{low} 10H{high}"/><circle class="chart-dot" cx="{middle}" cy="10" r="4"/>'
        "</svg>"
    )


def _at(value: float, widest: float) -> str:
    return f"{_MIDDLE + _HALF * min(max(value / widest, -1.0), 1.0):.1f}"
