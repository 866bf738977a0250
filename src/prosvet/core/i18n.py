"""Words for people, in Russian and English: JSON files a language, keys joined by dots.

``locales/ru.json`` holds the words of the core; each part of the program keeps its own beside it in
``locales/parts/PART.ru.json``. A key stands in one file only.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal

__all__ = ["LANGS", "Lang", "catalogue", "numeral", "text"]

Lang = Literal["ru", "en"]
LANGS: tuple[Lang, ...] = ("ru", "en")


def _files(lang: Lang) -> list[Traversable]:
    folder = resources.files("prosvet.core").joinpath("locales")
    parts = [entry for entry in folder.joinpath("parts").iterdir() if entry.name.endswith(f".{lang}.json")]
    return [folder.joinpath(f"{lang}.json"), *sorted(parts, key=lambda entry: entry.name)]


def _flatten(node: dict[str, object], prefix: str, into: dict[str, str]) -> None:
    for key, value in node.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{key}.", into)
        elif prefix + key in into:
            raise ValueError(f"the key {prefix + key} stands in two locale files")
        else:
            into[prefix + key] = str(value)


@cache
def catalogue(lang: Lang) -> dict[str, str]:
    """All strings of `lang`, flattened: ``{"errors.not_found.message": "..."}``.

    Raises
    ------
    ValueError
        When two files hold the same key: a defect of the package.
    """
    flat: dict[str, str] = {}
    for file in _files(lang):
        _flatten(json.loads(file.read_text(encoding="utf-8")), "", flat)
    return flat


def text(key: str, lang: Lang, **values: object) -> str:
    """The string `key` in `lang` with its ``{places}`` filled.

    Raises
    ------
    KeyError
        When the key is not in the catalogue: a missing string is a defect, not a value.

    Examples
    --------
    >>> text("errors.not_an_image.message", "en", name="notes.txt")
    'notes.txt is not an image.'
    """
    return catalogue(lang)[key].format(**values)


def numeral(written: str, lang: Lang) -> str:
    """A number that was written with a point, with the decimal sign of the language.

    Examples
    --------
    >>> numeral(f"{0.5:.2f}", "ru"), numeral("12.5", "en")
    ('0,50', '12.5')
    """
    return written.replace(".", ",") if lang == "ru" else written
