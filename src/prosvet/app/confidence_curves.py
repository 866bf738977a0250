"""Selective-risk curves of screen.confidence: as a picture of a page, as a file by itself, and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from prosvet.app.web.words import filters
from prosvet.core.i18n import Lang, text
from prosvet.screening.confidence.api import ConfidenceResult
from prosvet.screening.confidence.compare import Measured

__all__ = ["curves_chart", "curves_csv", "curves_file"]

_WIDTH, _HEIGHT = 600.0, 320.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, 580.0, 14.0, 262.0
_TOPS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)  # where the upright axis may end
_STYLE = (
    "svg{background:#fff;font-family:sans-serif}text{font-size:12px;fill:#444}.chart-frame,.chart-grid{fill:none;"
    "stroke:#ddd}path{fill:none}.curve{stroke-width:1.6}.curve-score{stroke:#555;stroke-dasharray:6 4;stroke-width:2.2}"
    ".curve-temperature{stroke:#a86c00;stroke-dasharray:2 3}.curve-members{stroke:#8450b8;stroke-dasharray:8 3 2 3}"
    ".curve-copies{stroke:#b0428a;stroke-dasharray:4 2}.curve-distance{stroke:#3c7a3c;stroke-dasharray:1 3}"
    ".curve-learned{stroke:#c0392b;stroke-width:2.2}.curve-meta{stroke:#0b62c4;stroke-width:2.6}"
)


def curves_chart(result: ConfidenceResult, lang: Lang) -> Markup:
    """Risk against coverage, a line a measure; colours and dashes come from ``confidence.css`` by class."""
    return Markup(_svg(result, lang, 'class="chart confidence-chart"', ""))


def curves_file(result: ConfidenceResult, lang: Lang) -> str:
    """The same as an SVG file that stands alone, with a legend."""
    legend = "".join(_key(n, one, lang) for n, one in enumerate(result.methods))
    return _svg(result, lang, 'xmlns="http://www.w3.org/2000/svg"', f"<style>{_STYLE}</style>{legend}")


def curves_csv(methods: Sequence[Measured]) -> str:
    """``method,coverage,risk``, a row a point."""
    made = io.StringIO()
    rows = csv.writer(made, lineterminator="\n")
    rows.writerow(["method", "coverage", "risk"])
    for one in methods:
        rows.writerows((one.method, f"{x:.4f}", f"{y:.6f}") for x, y in one.curve)
    return made.getvalue()


def _svg(result: ConfidenceResult, lang: Lang, head: str, extra: str) -> str:
    top = next(step for step in _TOPS if step >= min(1.0, max(y for one in result.methods for _, y in one.curve)))
    lines = "".join(f'<path class="curve curve-{one.method}" d="{_path(one, top)}"/>' for one in result.methods)
    title, told = escape(text("confidence_page.curve", lang)), escape(_told(result, lang))
    return (
        f'<svg {head} viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-labelledby="curves-t curves-d">'
        f'<title id="curves-t">{title}</title><desc id="curves-d">{told}</desc>{_frame(top, lang)}{lines}{extra}</svg>'
    )


def _path(one: Measured, top: float) -> str:
    return "M" + "L".join(f"{_x(x):.1f} {_y(y, top):.1f}" for x, y in one.curve)


def _told(result: ConfidenceResult, lang: Lang) -> str:
    percent, at = filters(lang)["percent"], result.coverages.index(0.8)
    by = {one.method: one.risks[at].value for one in result.methods}
    return text(
        "confidence_page.curve_told", lang, all=percent(result.wrong.value, 1), score=percent(by["score"], 1),
        best=percent(by[result.chosen], 1), name=text(f"confidence.methods.{result.chosen}", lang),
    )  # fmt: skip


def _frame(top: float, lang: Lang) -> str:
    percent = filters(lang)["percent"]
    made = [
        f'<rect class="chart-frame" x="{_LEFT:g}" y="{_TOP:g}" width="{_RIGHT - _LEFT:g}" height="{_BOTTOM - _TOP:g}"/>'
    ]
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _x(part), _y(part * top, top)
        words = escape(percent(part * top, 1 if part * top * 100 % 1 else 0))
        made.append(f'<path class="chart-grid" d="M{x:g} {_TOP:g}V{_BOTTOM:g}M{_LEFT:g} {y:g}H{_RIGHT:g}"/>')
        made.append(f'<text x="{x:g}" y="{_BOTTOM + 18:g}" text-anchor="middle">{escape(percent(part))}</text>')
        made.append(f'<text x="{_LEFT - 8:g}" y="{y + 4:g}" text-anchor="end">{words}</text>')
    middle = (_TOP + _BOTTOM) / 2
    across, up = (escape(text(f"confidence_page.axes.{name}", lang)) for name in ("coverage", "risk"))
    made.append(f'<text x="{(_LEFT + _RIGHT) / 2:g}" y="{_HEIGHT - 14:g}" text-anchor="middle">{across}</text>')
    made.append(f'<text x="14" y="{middle:g}" text-anchor="middle" transform="rotate(-90 14 {middle:g})">{up}</text>')
    return "".join(made)


def _key(n: int, one: Measured, lang: Lang) -> str:
    y = _TOP + 18 + 18 * n
    words = escape(text(f"confidence.methods.{one.method}", lang))
    return (
        f'<path class="curve curve-{one.method}" d="M{_LEFT + 10:g} {y - 4:g}h28"/>'
        f'<text x="{_LEFT + 46:g}" y="{y:g}">{words}</text>'
    )


def _x(coverage: float) -> float:
    return _LEFT + coverage * (_RIGHT - _LEFT)


def _y(risk: float, top: float) -> float:
    return _BOTTOM - min(risk / top, 1.0) * (_BOTTOM - _TOP)
