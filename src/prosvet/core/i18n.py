"""Words for people, in Russian and English: one JSON file a language, keys joined by dots."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Literal

__all__ = ["LANGS", "Lang", "catalogue", "text"]

Lang = Literal["ru", "en"]
LANGS: tuple[Lang, ...] = ("ru", "en")


@cache
def catalogue(lang: Lang) -> dict[str, str]:
    """All strings of `lang`, flattened: ``{"errors.not_found.message": "..."}``."""
    source = resources.files("prosvet.core").joinpath("locales", f"{lang}.json").read_text(encoding="utf-8")
    flat: dict[str, str] = {}

    def walk(node: dict[str, object], prefix: str) -> None:
        for key, value in node.items():
            if isinstance(value, dict):
                walk(value, f"{prefix}{key}.")
            else:
                flat[prefix + key] = str(value)

    walk(json.loads(source), "")
    return flat


def text(key: str, lang: Lang, **values: object) -> str:
    """The string `key` in `lang` with its ``{places}`` filled.

    Raises
    ------
    KeyError
        When the key is not in the catalogue: a missing string is a defect, not a value.
    """
    return catalogue(lang)[key].format(**values)
