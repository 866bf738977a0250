"""Small helpers of the templates of search and cohorts: numbers, their plurals, addresses of changed questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import urlencode

from prosvet.app.web.search_state import SearchState
from prosvet.core.i18n import Lang

__all__ = ["helpers", "number", "plural"]


def helpers(lang: Lang) -> dict[str, Callable[..., Any]]:
    """By the names that the templates use."""
    return {
        "plural": lambda count: plural(count, lang),
        "number": lambda count: number(count, lang),
        "with_kind": _with_kind,
        "without_word": lambda state, word: state.with_words(tuple(w for w in state.words if w != word), lang).url(),
        "example_url": lambda text: f"/search?{urlencode({'q': text})}",
    }


def _with_kind(state: SearchState, kind: Literal["", "images", "reports"]) -> str:
    return replace(state, kind=kind).url()


def number(count: int, lang: Lang) -> str:
    """A whole number with its thousands apart.

    Examples
    --------
    >>> number(17000, "en"), number(17000, "ru") == "17\\u00a0000"
    ('17,000', True)
    """
    written = f"{count:,}"
    return written.replace(",", "\u00a0") if lang == "ru" else written


def plural(count: int, lang: Lang) -> Literal["one", "few", "many"]:
    """Which form of a word goes with a number.

    Examples
    --------
    >>> plural(21, "ru"), plural(12, "ru"), plural(2, "ru"), plural(2, "en")
    ('one', 'many', 'few', 'many')
    """
    if lang == "en":
        return "one" if count == 1 else "many"
    if count % 10 == 1 and count % 100 != 11:
        return "one"
    return "few" if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else "many"
