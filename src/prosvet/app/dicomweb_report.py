"""Our structured reports as OHIF is given them: so that it shows all of what they say.

OHIF opens an imaging measurement report (TID 1500) over its film, and shows nothing at all where one finding of it has
no place on the film. In the headers that it is given (not in the stored object) such a report is a text: a part for
each finding and measurement, under its own name, without unique identifiers, coordinates and what is repeated.
"""

from __future__ import annotations

from typing import Any

from prosvet.core.i18n import Lang, catalogue

__all__ = ["as_text"]

Item = dict[str, Any]

_CONTENT, _CONCEPT, _TYPE, _CONTINUITY = "0040A730", "0040A043", "0040A040", "0040A050"
_CODE, _MEANING, _MEASURED, _UNITS = "00080100", "00080104", "0040A300", "004008EA"
_REPORT, _MEASUREMENTS, _GROUP, _FINDING, _LANGUAGE = "126000", "126010", "125007", "121071", "121049"
_UNSEEN = ("IMAGE", "SCOORD", "SCOORD3D", "UIDREF")  # value types that OHIF has no words for, or none for a person
_LEFT_OUT = (_LANGUAGE, "111028", "112039", "121005")  # language, image library, tracking identifier, observer's type
_ALGORITHM = ("111001", "111002", "111003", "122405")


def as_text(told: Item) -> Item:
    """DICOM JSON of an instance; a report of ours with a title and continuity by which OHIF writes it out."""
    if told.get("00080060", {}).get("Value") != ["SR"] or told.get("00080070", {}).get("Value") != ["Prosvet"]:
        return told
    spoken = next((_value(one) for one in _items(told) if _code(one) == _LANGUAGE), "")
    lang: Lang = "ru" if spoken == "Russian" else "en"
    flat = [part for one in _items(told) for part in (_items(one) if _code(one) == _MEASUREMENTS else [one])]
    said = {_value(one) for one in flat}
    above: list[Item] = []
    for group in flat:
        for one in _items(group):
            if _code(one) in _ALGORITHM and _value(one) not in said:
                said.add(_value(one))
                above.append(one)
    shown = [_part(one, lang) for one in flat if _seen(one)]
    lines = [one for one in shown if not _items(one)]
    told[_CONTENT]["Value"] = [*lines, *(_line(one, lang) for one in above), *(one for one in shown if _items(one))]
    told[_CONTINUITY] = {"vr": "CS", "Value": ["SEPARATE"]}
    if _code(told) == _REPORT:
        told[_CONCEPT]["Value"][0][_CODE]["Value"] = [f"{_REPORT}-TEXT"]
    return told


def _part(item: Item, lang: Lang) -> Item:
    """A content item as it is written out, with what stands under it."""
    if _type(item) != "CONTAINER":
        return _line(item, lang)
    under = [one for one in _items(item) if _seen(one) and _code(one) not in _ALGORITHM]
    if _code(item) == _GROUP:
        finding = next((one for one in under if _code(one) == _FINDING), None)
        named = _value(finding) if finding else next((_meaning(one) for one in under if _type(one) == "NUM"), "")
        if named:
            item[_CONCEPT]["Value"][0][_MEANING]["Value"] = [named[:1].upper() + named[1:]]
        under = [one for one in under if one is not finding]
        item[_CONTINUITY] = {"vr": "CS", "Value": ["SEPARATE"]}
    item[_CONTENT] = {"vr": "SQ", "Value": [_part(one, lang) for one in under]}
    return item if under else {key: value for key, value in item.items() if key != _CONTENT}


def _line(item: Item, lang: Lang) -> Item:
    """One line: a name that stands in the standard's English, and a unit, in the report's language."""
    words = catalogue(lang)
    if name := words.get(f"ohif.names.{_code(item)}"):
        item[_CONCEPT]["Value"][0][_MEANING]["Value"] = [name]
    for measured in item.get(_MEASURED, {}).get("Value", ()):
        for unit in measured.get(_UNITS, {}).get("Value", ()):
            code = _first(unit, _CODE)
            known = words.get(f"ohif.units.{code}", code)
            unit[_CODE]["Value"] = ["" if code.startswith("{") else known]  # {ratio}: UCUM's word for a bare number
    return {key: value for key, value in item.items() if key != _CONTENT}


def _seen(item: Item) -> bool:
    return _type(item) not in _UNSEEN and _code(item) not in _LEFT_OUT


def _items(item: Item) -> list[Item]:
    return list(item.get(_CONTENT, {}).get("Value", ()))


def _code(item: Item) -> str:
    return _first(_concept(item), _CODE)


def _meaning(item: Item) -> str:
    return _first(_concept(item), _MEANING)


def _type(item: Item) -> str:
    return _first(item, _TYPE)


def _value(item: Item) -> str:
    """What a text or a code says."""
    coded = item.get("0040A168", {}).get("Value") or [{}]
    return _first(item, "0040A160") or _first(coded[0], _MEANING)


def _concept(item: Item) -> Item:
    found: Item = (item.get(_CONCEPT, {}).get("Value") or [{}])[0]
    return found


def _first(item: Item, tag: str) -> str:
    return str((item.get(tag, {}).get("Value") or [""])[0])
