"""Words of a text as stems: lower case, ё as е, the Russian or English Snowball stemmer by script."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import snowballstemmer

__all__ = ["KEPT_WHOLE", "Token", "sentence_spans", "sentences", "stem", "tokenise", "tokens"]

_WORD = re.compile(r"\d+[.,]\d+|[^\W_]+")
_END = re.compile(r"[.!?…]+(?=\s|$)|[;\n\r]+|[.!?](?=[A-ZА-ЯЁ])|:(?=\s+[A-ZА-ЯЁ])")  # "Заключение: Норма"
KEPT_WHOLE = 3  # letters: "КТИ" is not an inflected "КТ"


class Token(NamedTuple):
    """A word: its stem and where it stands in the text."""

    stem: str
    start: int
    end: int


class _Stemmers(threading.local):
    """A pair for each thread: a Snowball stemmer keeps the word it works on in itself."""

    def __init__(self) -> None:
        self.russian = snowballstemmer.stemmer("russian")
        self.english = snowballstemmer.stemmer("english")


_STEMMERS = _Stemmers()


@cache
def _strays() -> dict[str, str]:
    """Forms that Snowball cuts unlike the rest of their word (``спаек``); written by ``build_stems``."""
    source = resources.files("prosvet.language").joinpath("stems.json").read_text(encoding="utf-8")
    strays: dict[str, str] = json.loads(source)
    return strays


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem of one word.

    Examples
    --------
    >>> stem("лёгкими"), stem("effusions"), stem("КТИ")
    ('легк', 'effus', 'кти')
    """
    low = word.lower().replace("ё", "е")
    stray = _strays().get(low)
    if stray is not None:
        return stray
    if len(low) <= KEPT_WHOLE:
        return low
    stemmer = _STEMMERS.russian if "а" <= low[0] <= "я" else _STEMMERS.english
    return str(stemmer.stemWord(low))


def tokenise(text: str) -> list[Token]:
    """The words of `text` with their stems and places."""
    return [Token(stem(match.group()), match.start(), match.end()) for match in _WORD.finditer(text)]


def tokens(text: str) -> list[str]:
    """The stems of `text` in order.

    Examples
    --------
    >>> tokens("Плевральный выпот, pleural effusions")
    ['плевральн', 'выпот', 'pleural', 'effus']
    """
    return [stem(word) for word in _WORD.findall(text)]


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence of `text` begins and ends, without the white space around it."""
    start = 0
    for match in _END.finditer(text):
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    body = piece.strip()
    if body:
        begin = start + piece.index(body[0])
        yield begin, begin + len(body)


def sentences(text: str) -> list[str]:
    """The sentences of `text`; a full stop inside a number ends none.

    Examples
    --------
    >>> sentences("КТИ 0.52. Синусы свободны")
    ['КТИ 0.52.', 'Синусы свободны']
    """
    return [text[start:end] for start, end in sentence_spans(text)]
