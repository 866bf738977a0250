"""A number of the text that is not the measured one."""

from __future__ import annotations

from prosvet.core.i18n import numeral
from prosvet.language.checks.issue import Edit, Issue
from prosvet.language.checks.ratio import Ratio, ratios
from prosvet.language.checks.subject import Subject

__all__ = ["check"]

RULE = "number"
_TOLERANCE = 0.0051  # the second decimal may be rounded either way


def check(subject: Subject) -> list[Issue]:
    """Cardiothoracic ratios that were not measured, or measured otherwise."""
    if subject.measurements is None:
        return []
    measured = next((m.value for m in subject.measurements if m.name == "cardiothoracic_ratio"), None)
    issues = []
    for ratio in ratios(subject.text):
        if ratio.bound:
            continue
        if measured is None:
            issues.append(_issue(subject, ratio, "number_unmeasured", None))
        elif abs(ratio.value - measured) > _TOLERANCE:
            issues.append(_issue(subject, ratio, "number_differs", measured))
    return issues


def _issue(subject: Subject, ratio: Ratio, key: str, measured: float | None) -> Issue:
    values, edit = {}, None
    if measured is not None:
        written = numeral(f"{measured * 100:.0f}" if ratio.percent else f"{measured:.2f}", subject.lang)
        values, edit = {"measured": written}, Edit(start=ratio.start, end=ratio.end, replacement=written)
    return Issue(
        rule=RULE,
        severity="error",
        start=ratio.start,
        end=ratio.end,
        text=subject.text[ratio.start : ratio.end],
        concept="cardiomegaly",
        key=key,
        values=values,
        edit=edit,
    )
