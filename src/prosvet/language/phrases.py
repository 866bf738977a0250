"""Phrases compiled into tries over stems, and how they are found in a sequence of stems.

Two tries: concepts, inside which modifiers may stand (``плевральный правосторонний выпот``), and cues, which are
matched word for word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from prosvet.language.stem import tokens
from prosvet.language.vocabulary import Cues, cues, vocabulary

__all__ = ["Lexicon", "Match", "Meaning", "lexicon"]

_GAPS = 4  # words that may be skipped inside a phrase


class Meaning(NamedTuple):
    """What a phrase stands for: a kind (``concept``, ``denies``, ``denial``, ``side``, ...) and its value."""

    kind: str
    value: str


class Match(NamedTuple):
    """A phrase found: the indices of the words that it used, in order, and what it means."""

    used: tuple[int, ...]
    meanings: tuple[Meaning, ...]


@dataclass(slots=True)
class _Node:
    next: dict[str, _Node] = field(default_factory=dict)
    meanings: tuple[Meaning, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything that :func:`find_mentions` knows about words.

    Attributes
    ----------
    concepts, cues : trie
    skippable : frozenset of str
        Stems that may stand inside a concept's phrase.
    joins, closing : frozenset of str
        Stems that join a list, and those of them that close one.
    nominatives : frozenset of str
        Names and synonyms as written in the vocabulary, lower case: what stands in the genitive is not there.
    """

    concepts: _Node
    cues: _Node
    skippable: frozenset[str]
    joins: frozenset[str]
    closing: frozenset[str]
    nominatives: frozenset[str]

    def concept_at(self, stems: Sequence[str], start: int) -> Match | None:
        """The longest concept phrase that begins at `start`; among equals the one with fewer words skipped."""
        first = self.concepts.next.get(stems[start])
        if first is None:
            return None
        best: Match | None = None
        waiting: list[tuple[_Node, tuple[int, ...], int]] = [(first, (start,), 0)]
        while waiting:
            node, used, gaps = waiting.pop()
            if node.meanings and (best is None or _better(used, best.used)):
                best = Match(used, node.meanings)
            if node.next:
                waiting.extend(self._steps(stems, node, used, gaps))
        return best

    def _steps(
        self, stems: Sequence[str], node: _Node, used: tuple[int, ...], gaps: int
    ) -> Iterable[tuple[_Node, tuple[int, ...], int]]:
        index = used[-1] + 1
        while index < len(stems):
            after = node.next.get(stems[index])
            if after is not None:
                yield after, (*used, index), gaps
            if gaps >= _GAPS:
                return
            if stems[index] in self.joins:
                # "focal or diffuse opacity": the joined adjective is skipped with its conjunction
                joined = node.next.get(stems[index + 2]) if index + 2 < len(stems) else None
                if joined is not None:
                    yield joined, (*used, index + 2), gaps + 2
                return
            if stems[index] not in self.skippable:
                return
            index, gaps = index + 1, gaps + 1

    def cue_at(self, stems: Sequence[str], start: int, taken: set[int]) -> Match | None:
        """The longest cue that begins at `start` and uses no word of a concept."""
        node, best, index = self.cues, None, start
        while index < len(stems) and index not in taken:
            after = node.next.get(stems[index])
            if after is None:
                break
            node, index = after, index + 1
            if node.meanings:
                best = Match(tuple(range(start, index)), node.meanings)
        return best


def _better(used: tuple[int, ...], than: tuple[int, ...]) -> bool:
    return (len(used), -used[-1]) > (len(than), -than[-1])


def _add(root: _Node, phrase: str, meaning: Meaning) -> None:
    node = root
    for word in tokens(phrase):
        node = node.next.setdefault(word, _Node())
    if node is not root and meaning not in node.meanings:
        node.meanings = (*node.meanings, meaning)


def _concept_trie() -> tuple[_Node, set[str]]:
    root, nominatives = _Node(), set()
    of_parts = set(cues().said["normal"].words)  # "норма" alone: see parts.py
    for concept in vocabulary().concepts.values():
        own = [phrase for phrases in concept.synonyms.values() for phrase in phrases]
        own += [*concept.names.values(), *concept.abbreviations]
        for phrase in own:
            if phrase in of_parts:
                continue
            _add(root, phrase, Meaning("concept", concept.id))
            nominatives.add(phrase.lower().replace("ё", "е"))
        for phrases in concept.denials.values():
            for phrase in phrases:
                _add(root, phrase, Meaning("denies", concept.id))
    return root, nominatives


def _cue_trie(words: Cues) -> _Node:
    root = _Node()
    for kind, scope in (("denial", words.denial), ("doubt", words.doubt), ("unread", words.unread)):
        for way in ("forward", "backward", "either", "local"):
            for phrase in getattr(scope, way):
                _add(root, phrase, Meaning(kind, way))
    plain = (("assertion", words.assertion.words), ("stop", words.stop.words), ("contrast", words.stop.contrast),
             ("join", words.join.words), ("neutral", words.neutral.words))  # fmt: skip
    for kind, phrases in plain:
        for phrase in phrases:
            _add(root, phrase, Meaning(kind, ""))
    for side, cue in words.side.items():
        for phrase in cue.words:
            _add(root, phrase, Meaning("side", side))
        for phrase in cue.places:
            _add(root, phrase, Meaning("place", side))
    tables = (("zone", words.zone), ("severity", words.severity), ("part", words.part), ("said", words.said))
    for kind, table in tables:
        for value, entry in table.items():
            for phrase in entry.words:
                _add(root, phrase, Meaning(kind, value))
    return root


def _skippable(words: Cues) -> frozenset[str]:
    phrases = [*words.filler.words, *words.denial.local]
    for table in (words.side, words.zone, words.severity):
        for entry in table.values():
            phrases += [phrase for phrase in entry.words if len(tokens(phrase)) == 1]
    return frozenset(stem for phrase in phrases for stem in tokens(phrase))


@cache
def lexicon() -> Lexicon:
    """The compiled vocabulary and cues; about 0.1 s on first use."""
    words = cues()
    concepts, nominatives = _concept_trie()
    return Lexicon(
        concepts=concepts,
        cues=_cue_trie(words),
        skippable=_skippable(words),
        joins=frozenset(stem for phrase in words.join.words for stem in tokens(phrase)),
        closing=frozenset(stem for phrase in words.join.closing for stem in tokens(phrase)),
        nominatives=frozenset(nominatives),
    )
