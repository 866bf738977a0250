"""Concepts whose name or synonym, in Russian or English, begins with what is being typed."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from prosvet.core.i18n import LANGS, Lang
from prosvet.language.vocabulary import vocabulary

__all__ = ["Suggestion", "suggest"]

_WORD = re.compile(r"[^\W_]+")


class Suggestion(NamedTuple):
    """A concept, its name, and the other word by which it was found (empty when it was the name)."""

    concept: str
    name: str
    found_by: str


class _Entry(NamedTuple):
    plain: str
    words: str
    concept: str
    rank: int


def suggest(typed: str, lang: Lang, limit: int = 8) -> list[Suggestion]:
    """At most `limit` concepts for `typed`, names before synonyms, beginnings before later words.

    Among equals the order is the vocabulary's, which begins with what is asked for most.

    Examples
    --------
    >>> [(s.name, s.found_by) for s in suggest("гидротор", "ru")][:1]
    [('плевральный выпот', 'гидроторакс')]
    """
    wanted = _plain(typed)
    if not wanted:
        return []
    best: dict[str, tuple[tuple[int, int, int], str]] = {}
    for number, entry in enumerate(_entries()):
        place = _place(wanted, entry.plain)
        if place is None:
            continue
        order = (place, entry.rank + (0 if entry.words == vocabulary()[entry.concept].names[lang] else 1), number)
        if entry.concept not in best or order < best[entry.concept][0]:
            best[entry.concept] = (order, entry.words)
    ranked = sorted(best.items(), key=lambda item: item[1][0])[:limit]
    names = {concept: vocabulary()[concept].names[lang] for concept, _ in ranked}
    return [Suggestion(c, names[c], "" if words == names[c] else words) for c, (_, words) in ranked]


def _place(wanted: str, plain: str) -> int | None:
    """0 when the phrase is `wanted`, 1 when it begins with it, 2 when a later word of it does."""
    if plain.startswith(wanted):
        return int(plain != wanted)
    return 2 if f" {wanted}" in plain else None


def _plain(words: str) -> str:
    return " ".join(_WORD.findall(words.lower().replace("ё", "е")))


@cache
def _entries() -> tuple[_Entry, ...]:
    made = []
    for concept in vocabulary().concepts.values():
        for lang in LANGS:
            made.append(_Entry(_plain(concept.names[lang]), concept.names[lang], concept.id, 0))
            made += [_Entry(_plain(word), word, concept.id, 1) for word in concept.synonyms.get(lang, ())]
        made += [_Entry(_plain(word), word, concept.id, 1) for word in concept.abbreviations]
    return tuple(made)
