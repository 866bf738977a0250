"""What the page and the report of monitoring show: charts, and alarms in words."""

from __future__ import annotations

from collections import Counter
from typing import Any

from prosvet.app.web.charts_time import day_columns, day_line, limit_strip
from prosvet.app.web.words import filters
from prosvet.core.clock import local
from prosvet.core.i18n import Lang, catalogue, text
from prosvet.monitoring.alarms import AlarmView
from prosvet.monitoring.api import MonitorResult
from prosvet.monitoring.shifts.categories import NONE
from prosvet.monitoring.variables import CAUSES

__all__ = ["alarm_words", "charts", "drift_rows", "told"]

_MOST_CATEGORIES = 3
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def charts(result: MonitorResult, lang: Lang) -> list[dict[str, Any]]:
    """Four charts over days: studies, share cleared, alarms, hours to the signature."""
    words = filters(lang)
    days = [_day(one.day, lang) for one in result.days]
    alarms = Counter(local(alarm.at).date().isoformat() for alarm in result.alarms)
    shares = [one.released / one.decided if one.decided else None for one in result.days]
    hours = [one.hours_to_signature for one in result.days]
    longest = max((value for value in hours if value is not None), default=1.0)
    columns = {"studies": [one.studies for one in result.days], "alarms": [alarms[one.day] for one in result.days]}
    lines = {
        "cleared": (shares, 1.0, words["percent"]),
        "delay": (hours, max(longest, 1.0), lambda value: words["decimal"](value, 1)),
    }
    made = []
    for name in ("studies", "cleared", "alarms", "delay"):
        title = text(f"monitoring.charts.{name}", lang)
        empty = text(f"monitoring.empty.{name}", lang)
        if name in columns:
            there = any(columns[name])
            said = told(columns[name], lang)
            picture = day_columns(columns[name], days, name=f"c-{name}", title=title, told=said)
        else:
            values, top, write = lines[name]
            there = any(value is not None for value in values)
            said = told([value for value in values if value is not None], lang)
            picture = day_line(values, days, name=f"c-{name}", title=title, told=said, top=top, write=write)
        made.append({"name": name, "title": title, "picture": picture if there else None, "empty": empty})
    return made


def told(values: list[Any], lang: Lang) -> str:
    """A chart in a sentence, for those who do not see it."""
    decimal = filters(lang)["decimal"]
    if not values:
        return text("monitoring.told.none", lang)
    low, high, last = (decimal(float(one), 1) for one in (min(values), max(values), values[-1]))
    return text("monitoring.told.range", lang, low=low, high=high, last=last)


def drift_rows(result: MonitorResult, lang: Lang) -> list[dict[str, Any]]:
    """A row for each cause: its strip over the checks, and its last value."""
    decimal, made = filters(lang)["decimal"], []
    for cause in CAUSES:
        values = [one.causes.get(cause, 0.0) for one in result.drift]
        last = values[-1] if values else 0.0
        said = text("monitoring.told.drift", lang, last=decimal(last, 2))
        made.append({"cause": cause, "last": last, "picture": limit_strip(values, told=said), "over": last >= 1})
    return made


def alarm_words(alarm: AlarmView, lang: Lang) -> dict[str, str]:
    """What changed, by how much, from what to what."""
    decimal = filters(lang)["decimal"]
    place = text("monitoring.whole", lang) if not alarm.stream else text("monitoring.device", lang, name=alarm.stream)
    return {
        "what": text(f"monitoring.variables.{alarm.variable}", lang),
        "where": place,
        "effect": text(f"monitoring.effects.{alarm.measure}", lang, size=decimal(alarm.effect, 2),
                       percent=filters(lang)["percent"](alarm.effect)),
        "before": _side(alarm, alarm.before, lang),
        "after": _side(alarm, alarm.after, lang),
        "p": _small(alarm.p, lang),
    }  # fmt: skip


def _small(p: float, lang: Lang) -> str:
    """A p-value as papers write it: 0.012, 3·10⁻⁸."""
    if p >= 0.001:
        return filters(lang)["decimal"](p, 3)
    digit, power = f"{max(p, 1e-300):.0e}".split("e-")
    return f"{digit}·10⁻{str(int(power)).translate(_RAISED)}"


def _side(alarm: AlarmView, facts: dict[str, float], lang: Lang) -> str:
    """One side of a change: a median with its quartiles, or the shares that differ most."""
    words = filters(lang)
    if alarm.measure == "auroc":
        return text("monitoring.side.vectors", lang, n=int(facts.get("n", 0)))
    if "median" in facts:
        digits = 1 if abs(facts["high"]) >= 10 else 2 if abs(facts["high"]) >= 1 else 3
        values = {name: words["decimal"](facts[name], digits) for name in ("low", "median", "high")}
        said = text("monitoring.side.number", lang, **values)
        missing = facts.get("missing", 0.0)
        return said + (text("monitoring.side.missing", lang, share=words["percent"](missing)) if missing else "")
    if "missing" in facts:
        return text("monitoring.side.none", lang)
    names = sorted(
        {*alarm.before, *alarm.after}, key=lambda name: -abs(alarm.after.get(name, 0.0) - alarm.before.get(name, 0.0))
    )
    said_shares = [
        f"{_category(alarm.variable, name, lang)} {words['percent'](facts.get(name, 0.0))}"
        for name in names[:_MOST_CATEGORIES]
    ]
    return ", ".join(said_shares)


def _category(variable: str, name: str, lang: Lang) -> str:
    if name == NONE:
        return text("monitoring.none", lang)
    return catalogue(lang).get(f"monitoring.categories.{variable}.{name}", name)


def _day(iso: str, lang: Lang) -> str:
    return f"{iso[8:]}.{iso[5:7]}" if lang == "ru" else iso[5:]
