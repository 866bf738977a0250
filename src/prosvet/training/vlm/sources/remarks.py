"""What a draft says of itself, not of the film: a model that learned it would parrot it."""

from __future__ import annotations

from functools import cache

from prosvet.core.i18n import Lang
from prosvet.language.templates import table

__all__ = ["OWN_PART", "remarks"]

OWN_PART = "not_assessed"
"""The part of a protocol that tells what the program did not look at."""
_KINDS = ("review", "none_present", "nothing", "conflict", "conflict_parts")


@cache
def remarks(lang: Lang) -> frozenset[str]:
    """Whole sentences to leave out.

    Examples
    --------
    >>> "To be reviewed by a radiologist." in remarks("en")
    True
    """
    return frozenset(wording for kind in _KINDS for wording in table()["frame"][lang][kind])
