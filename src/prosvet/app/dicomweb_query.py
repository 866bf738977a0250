"""Questions to a DICOMweb that takes a query as it is written: Debian's Orthanc does not undo percent-encoding.

A browser writes a Russian name or a patient's number with Cyrillic letters as ``%D0%98...``, commas and stars too, and
such an Orthanc then finds nothing. What may stand in a query as it is, is written as it is; what may not becomes a
star, and of the answers to that wider question those are kept that fit the one that was asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

from pydicom.datadict import tag_for_keyword

__all__ = ["Question", "understood"]

_BEYOND = re.compile(r"[^A-Za-z0-9*?.,:;@!$'()^/_~-]+")
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_WIDE = 2000  # answers to a widened question


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent, and what of its answers is kept.

    Attributes
    ----------
    query : str
        Only characters that stand for themselves.
    patterns : tuple of (tag, pattern)
        What answers must fit because the question was widened; none for most questions.
    offset, limit : int
        Which of the fitting answers were asked for.
    """

    query: str
    patterns: tuple[tuple[str, str], ...] = ()
    offset: int = 0
    limit: int = _WIDE

    def kept(self, answers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answers (DICOM JSON) that fit, from the offset on, as many as were asked for."""
        fitting = [one for one in answers if all(_fits(one.get(tag, {}), pattern) for tag, pattern in self.patterns)]
        return fitting[self.offset :][: self.limit]


def understood(query: str) -> Question:
    """The question in a percent-encoded `query`.

    Examples
    --------
    >>> understood("includefield=00081030%2C00080060&PatientName=%2AIvan%2A").query
    'includefield=00081030,00080060&PatientName=*Ivan*'
    >>> understood("00100020=%D0%9C%D0%9A-42&limit=7")
    Question(query='00100020=*-42&limit=2000', patterns=(('00100020', 'МК-42'),), offset=0, limit=7)
    """
    asked = parse_qsl(query, keep_blank_values=True)
    patterns = tuple((tag, value) for name, value in asked if (tag := _tag(name)) and _BEYOND.search(value))
    if not patterns:
        return Question(_written(asked))
    numbers = {
        name: int(value) for name, value in asked if name in ("offset", "limit") and value.isascii() and value.isdigit()
    }
    rest = [(name, value) for name, value in asked if name not in ("offset", "limit")]
    return Question(
        _written([*rest, ("limit", str(_WIDE))]), patterns, numbers.get("offset", 0), numbers.get("limit", _WIDE)
    )


def _written(asked: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"{_BEYOND.sub('*', name)}={_BEYOND.sub('*', value)}" for name, value in asked)


def _tag(name: str) -> str | None:
    """The tag of an attribute that a question names by tag or by keyword; None for what is no attribute."""
    if _TAG.fullmatch(name):
        return name.upper()
    number = tag_for_keyword(name)
    return None if number is None else f"{number:08X}"


def _fits(element: dict[str, Any], pattern: str) -> bool:
    """Whether a value of the element is what was asked for, letters small or capital, as a PACS matches names."""
    wanted = pattern.casefold().replace("[", "[[]")
    values = (one.get("Alphabetic", "") if isinstance(one, dict) else one for one in element.get("Value", ()))
    return any(fnmatchcase(str(value).casefold(), wanted) for value in values)
