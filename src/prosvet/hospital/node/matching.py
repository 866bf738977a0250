"""Attribute matching of PS3.4, C.2.2.2: single values, wildcards, ranges, lists; in SQL and on a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from pydicom.dataset import Dataset
from sqlalchemy import ColumnElement, and_, or_, true
from sqlalchemy.orm import InstrumentedAttribute

__all__ = ["Rule", "condition", "fits", "name_key", "values_of"]

Rule = Literal["text", "name", "range", "uid"]
_RANGES = frozenset({"DA", "TM", "DT"})
_LAST = {"DA": "9" * 8, "TM": "9" * 6, "DT": "9" * 14}


def values_of(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """The values of an element in characters; none where it is absent or empty, which matches everything."""
    value = dataset.get(keyword)
    if value is None:
        return ()
    several: Sequence[Any] = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
    return tuple(words for one in several if (words := str(one).strip()))


def name_key(name: str) -> str:
    """A person's name for comparing: its first group, without case and empty parts at its end.

    Examples
    --------
    >>> name_key("Иванов^Иван^^=Ivanov^Ivan"), name_key("ИВАНОВ*")
    ('иванов^иван', 'иванов*')
    """
    return name.partition("=")[0].strip().rstrip("^").casefold()


def condition(column: InstrumentedAttribute[str], asked: Sequence[str], rule: Rule) -> ColumnElement[bool]:
    """The SQL condition that `column` matches one of the values `asked`; all of it matches none asked."""
    if not asked:
        return true()
    if rule == "range":
        return or_(*(_between(column, one) for one in asked))
    if rule == "uid":
        return column.in_(list(asked))
    words = [name_key(one) if rule == "name" else one for one in asked]
    return or_(*(_like(column, one) if set(one) & set("*?") else column == one for one in words))


def _like(column: InstrumentedAttribute[str], asked: str) -> ColumnElement[bool]:
    """GLOB has DICOM's own wildcards, and minds the case; a bracket is the one sign more that it gives a meaning."""
    return column.op("GLOB", is_comparison=True)(asked.replace("[", "[[]"))


def _between(column: InstrumentedAttribute[str], asked: str) -> ColumnElement[bool]:
    first, dash, last = asked.partition("-")
    if not dash:
        return column == first
    bounds = [column >= first] if first else []
    if last:
        bounds.append(column <= last.ljust(14, "9"))  # a time "10" lasts until 10:59:59
    return and_(column != "", *bounds)


def fits(asked: Sequence[str], told: Sequence[str], vr: str) -> bool:
    """Whether one of the values `told` matches one of those `asked`.

    Examples
    --------
    >>> fits(["CHE*"], ["CHEST"], "CS"), fits(["20260101-20260131"], ["20260201"], "DA"), fits([], ["1"], "IS")
    (True, False, True)
    """
    return not asked or any(_fits(one, other, vr) for one in asked for other in told or ("",))


def _fits(asked: str, told: str, vr: str) -> bool:
    if vr in _RANGES and "-" in asked:
        first, _, last = asked.partition("-")
        return bool(told) and first <= told <= (last.ljust(14, "9") if last else _LAST[vr])
    if vr == "PN":
        asked, told = name_key(asked), name_key(told)
    if vr == "IS":
        return told.lstrip("+0 ") == asked.lstrip("+0 ")
    if vr == "UI" or not set(asked) & set("*?"):
        return asked == told
    pattern = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in asked)
    return re.fullmatch(pattern, told, re.DOTALL) is not None
