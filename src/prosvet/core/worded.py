"""What a library says of a refused value, always in English, in the language of whoever reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from prosvet.core.i18n import Lang, catalogue, text

__all__ = ["refused_value", "worded"]

_REASONS = (
    ("missing", r"Field required"),
    ("extra", r"Extra inputs are not permitted"),
    ("choice", r"(?:Value error, )?'(?P<value>.*)' is not one of (?P<known>.+)\."),
    ("one_of", r"Input should be (?P<known>'.+)"),
    ("integer", r"Input should be a valid integer.*"),
    ("number", r"Input should be a (?:valid|finite) number.*"),
    ("boolean", r"Input should be a valid boolean.*"),
    ("string", r"Input should be a valid string"),
    ("date", r"Input should be a valid date.*"),
    ("at_most", r"Input should be less than or equal to (?P<limit>\S+)"),
    ("at_least", r"Input should be greater than or equal to (?P<limit>\S+)"),
    ("below", r"Input should be less than (?P<limit>\S+)"),
    ("above", r"Input should be greater than (?P<limit>\S+)"),
    ("longest", r"String should have at most (?P<limit>\d+) characters?"),
    ("shortest", r"String should have at least (?P<limit>\d+) characters?"),
    ("pattern", r"String should match pattern '(?P<pattern>.+)'"),
    ("most", r"(?:List|Tuple|Set) should have at most (?P<limit>\d+) items? after validation, not .*"),
    ("fewest", r"(?:List|Tuple|Set) should have at least (?P<limit>\d+) items? after validation, not .*"),
    ("is_file", r"(?:File|Path|Directory) '(?P<path>.*)' is a file\."),
    ("is_folder", r"(?:File|Path|Directory) '(?P<path>.*)' is a directory\."),
    ("not_there", r"(?:File|Path|Directory) '(?P<path>.*)' does not exist\."),
    ("unreadable", r"(?:File|Path|Directory) '(?P<path>.*)' is not readable\."),
    ("own", r"Value error, (?P<words>.+)"),
)


def refused_value(message: str, lang: Lang) -> str:
    """What pydantic or typer says of a value, in `lang`; what is not known here stays as it is.

    Examples
    --------
    >>> refused_value("Input should be less than or equal to 50", "ru")
    'нужно не больше 50'
    >>> refused_value("нужен файл", "ru")
    'нужен файл'
    """
    return worded(message, _REASONS, "refused_values", lang) or message


def worded(message: str, table: Iterable[tuple[str, str]], place: str, lang: Lang) -> str | None:
    """The string ``PLACE.KEY`` of the first pattern of `table` that is all of `message`, or None."""
    for key, pattern in table:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found is not None and f"{place}.{key}" in catalogue(lang):
            facts = found.groupdict()
            if "known" in facts:  # a list of names in quotes
                facts["known"] = facts["known"].replace("'", "")
            return text(f"{place}.{key}", lang, **facts)
    return None
