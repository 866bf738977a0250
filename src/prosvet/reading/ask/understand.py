"""What a question asks for: its kind and the findings that it names; None where a word of it is not understood."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from prosvet.core.types import Status
from prosvet.language import Mention, find_mentions
from prosvet.reading.ask.presence import WORD, asked, left_over, narrowest

__all__ = ["Asked", "Kind", "understand"]

Kind = Literal["presence", "normal", "what", "where", "likelihood", "compare", "both", "ratio", "view", "change"]

# "Нет ли выпота?" is a polite "есть ли": it denies nothing.
_POLITE = re.compile(r"\b(?:нет|не\s+(?:видно|видны|определяется|выявляется|имеется))\s+ли\b", re.IGNORECASE)
# "More likely than" weighs two findings; "more" by itself asks for an amount, which nobody measured.
_LIKELIER = (
    (re.compile(r"\bmore\s+(?:likely|probable)\b|\blikelier\b", re.IGNORECASE), "likelier"),
    (re.compile(r"\bболее\s+вероятн\w+", re.IGNORECASE), "вероятнее"),
    (re.compile(r"\b(likelier|вероятнее|скорее)(.*?)(?:\bthan|\bчем)\b", re.IGNORECASE), r"\1\2 или"),
)
_DENIED = (Status.ABSENT, Status.NOT_ASSESSED)
_ZONE = re.compile(
    r"\b(?:верхн|средн|нижн|базальн|прикорн|апикальн|upper|middle|mid|lower|basal|apical)\w*", re.IGNORECASE
)
_SIDE = re.compile(r"\b(?:прав|лев|обеих|обоих|right|left|both)\w*", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """A question that was understood: its kind and what it names, in the order of naming."""

    kind: Kind
    claims: tuple[Mention, ...] = ()


def understand(question: str) -> Asked | None:
    """The meaning of `question`, in Russian or English; None when it is not understood to its last word.

    Examples
    --------
    >>> understand("Где выпот?").kind, understand("How big is the heart?").kind
    ('where', 'ratio')
    >>> understand("Is the effusion larger than before?") is None
    True
    """
    text = _plainly(question)
    mentions = find_mentions(text)
    claims = tuple({one.concept: one for one in reversed(narrowest(mentions))}.values())[::-1]
    if any(one.status in _DENIED for one in claims):
        return None
    for kind, fits in _FITS.items():
        sized = kind != "ratio" and any(one.severity for one in claims)
        if fits(len(claims)) and not sized and _is(kind, text, mentions):
            return Asked(kind, claims)
    claim = asked(text) or _inflected(text, mentions, claims)
    if claim is None:
        return None
    return Asked("normal" if claim.concept in ("normal", "abnormal") else "presence", (claim,))


def _plainly(question: str) -> str:
    text = _POLITE.sub("есть ли", question)
    for pattern, word in _LIKELIER:
        text = pattern.sub(word, text)
    return text


def _inflected(text: str, mentions: Sequence[Mention], claims: Sequence[Mention]) -> Mention | None:
    """The one claim of a question whose place stands in another case ("в нижней доле"), if it was understood."""
    if len(claims) != 1 or any(not _known(word, _kinds()["presence"][1]) for word in left_over(text, mentions)):
        return None
    claim = claims[0]
    lost = (_ZONE.search(text) and claim.zone is None) or (_SIDE.search(text) and claim.side is None)
    return None if lost or claim.severity is not None else claim


_FITS: dict[Kind, Callable[[int], bool]] = {
    "view": lambda named: named == 0,
    "ratio": lambda named: named <= 1,
    "change": lambda named: named <= 1,
    "compare": lambda named: named >= 2,
    "both": lambda named: named >= 2,
    "where": lambda named: named == 1,
    "likelihood": lambda named: named == 1,
    "normal": lambda named: named == 0,
    "what": lambda named: named == 0,
}
"""How many findings a question of each kind names, in the order in which the kinds are tried."""


def _is(kind: Kind, text: str, mentions: Sequence[Mention]) -> bool:
    """Whether `text` has the signs of `kind`, and no word that is foreign to it.

    The ratio is asked for in words that also say "the heart is enlarged": there the mention's own words count too.
    """
    words = [m.group().casefold() for m in WORD.finditer(text)]
    if kind != "ratio":
        words = [m.group().casefold() for m in WORD.finditer(text) if not _within(m.start(), mentions)]
    elif any(one.concept != "cardiomegaly" for one in mentions):
        return False
    rest = left_over(text, () if kind == "ratio" else mentions)
    signs, also = _kinds()[kind]
    return any(all(_any(word, words) for word in sign) for sign in signs) and all(_known(word, also) for word in rest)


def _within(place: int, mentions: Iterable[Mention]) -> bool:
    return any(one.start <= place < one.end for one in mentions)


def _any(pattern: str, words: Iterable[str]) -> bool:
    return any(_matches(word, pattern) for word in words)


def _known(word: str, patterns: Iterable[str]) -> bool:
    return any(_matches(word, pattern) for pattern in patterns)


def _matches(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


@cache
def _kinds() -> dict[Kind, tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]]:
    """Signs and words of each kind; see ``kinds.toml``."""
    table = tomllib.loads(resources.files("prosvet.reading.ask").joinpath("kinds.toml").read_text(encoding="utf-8"))
    return {kind: (tuple(map(tuple, table[kind]["when"])), tuple(table[kind]["also"])) for kind in (*_FITS, "presence")}
