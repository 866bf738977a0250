"""What the page of retraining shows: the table of the challenger with each interval as a picture, and its numbers."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from prosvet.app.retraining_words import against_words, rows_of, verdict_words
from prosvet.core.i18n import Lang
from prosvet.training.pipeline.api import RunView
from prosvet.training.pipeline.card_step import Challenger

__all__ = ["card_view", "interval_picture", "run_numbers"]

_WIDTH, _HEIGHT, _MOST = 160.0, 22.0, 0.3
_ORDER = {"worse": 0, "better": 1, "cannot_tell": 2, "not_assessed": 3, "same": 4}


def card_view(card: Challenger, lang: Lang) -> dict[str, Any]:
    """The card: its verdict, what speaks against it, rows that were tested, and findings whose answers are the same."""
    rows = rows_of(card.comparisons, lang)
    for row, one in zip(rows, card.comparisons, strict=True):
        margins = {"auroc": card.policy.margin_auroc, "sensitivity": card.policy.margin_sensitivity}
        margin = margins.get(one.metric) if one.concept in card.critical else None
        row["picture"] = interval_picture(
            one.difference, one.low, one.high, margin, row["kind"], told=row["difference"]
        )
        row["critical"] = "yes" if one.concept in card.critical else ""
    shown = [row for row in rows if row["kind"] not in ("same", "not_assessed")]
    return {
        "rows": sorted(shown, key=lambda row: _ORDER[row["kind"]]),
        "same": list(dict.fromkeys(row["finding"] for row in rows if row["kind"] == "same")),
        "verdict": verdict_words(card, lang), "against": against_words(card, lang),
        "sets": len({one.set for one in card.comparisons}), "passes": card.verdict == "may_pass",
    }  # fmt: skip


def interval_picture(
    value: float | None, low: float | None, high: float | None, margin: float | None, kind: str, *, told: str
) -> Markup:
    """A difference with its interval on a line from -0.3 to +0.3; dashed is 0, and red the margin where one holds.

    The dot has the colour of the verdict (`kind`), which is corrected for all tests; the interval is of this one alone.
    """
    if value is None or low is None or high is None:
        return Markup("")
    left, right, at = _x(low), _x(high), _x(value)
    middle = _HEIGHT / 2
    body = [f'<path class="chart-even" d="M{_x(0):g} 2V{_HEIGHT - 2:g}"/>']
    if margin is not None:
        body.append(f'<path class="retrain-margin" d="M{_x(-margin):g} 2V{_HEIGHT - 2:g}"/>')
    body.append(f'<path class="retrain-interval" d="M{left:g} {middle:g}H{right:g}"/>')
    body.append(f'<circle class="retrain-dot retrain-{kind}" cx="{at:g}" cy="{middle:g}" r="4"/>')
    said = f'role="img" aria-label="{escape(told)}"'
    return Markup(f'<svg class="retrain-picture" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" {said}>{"".join(body)}</svg>')


def _x(value: float) -> float:
    share = (min(max(value, -_MOST), _MOST) + _MOST) / (2 * _MOST)
    return round(4 + (_WIDTH - 8) * share, 1)


def run_numbers(view: RunView) -> dict[str, int]:
    """Films learned from and films judged by, of all sets together."""
    if view.data is None:
        return {}
    return {
        part: sum(n for place, n in view.data.films.items() if place.endswith(f"/{part}"))
        for part in ("train", "check")
    }
