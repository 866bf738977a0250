"""A sentence laid out for the rules: its words, the phrases found in it, and where it is divided."""

from __future__ import annotations

from dataclasses import dataclass

from prosvet.core.types import Status
from prosvet.language.phrases import Lexicon, Match, lexicon
from prosvet.language.stem import Token, tokenise

__all__ = ["Clause", "Cue", "Hit", "read_clause"]


@dataclass(slots=True)
class Hit:
    """A concept spoken of, from word `first` to word `last`.

    Attributes
    ----------
    used : tuple of int
        The words of the phrase itself; between them modifiers may stand.
    denies : bool
        The words deny the concept without a "no" (``midline trachea``).
    nominative : bool
        It stands as the vocabulary writes it, so a Russian "нет", which asks for the genitive, is not about it.
    """

    concept: str
    first: int
    last: int
    used: tuple[int, ...]
    denies: bool = False
    nominative: bool = False
    status: Status = Status.PRESENT


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue of some `kind` from word `first` to word `last`."""

    kind: str
    value: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Clause:
    """What the rules look at.

    Attributes
    ----------
    tokens : list of Token
    matches : list of Hit
        Concepts, in order.
    cues : list of Cue
        In order; a phrase with two meanings gives two.
    segment : list of int
        For each word, the number of its part between commas.
    block : list of int
        For each word, the number of its part between brackets and contrasts ("but"): no rule reaches across.
    """

    tokens: list[Token]
    matches: list[Hit]
    cues: list[Cue]
    segment: list[int]
    block: list[int]


def read_clause(sentence: str) -> Clause:
    """Find the concepts and cues of one sentence."""
    known = lexicon()
    words = tokenise(sentence)
    stems = [word.stem for word in words]
    matches, taken = _concepts(sentence, words, stems, known)
    cues = _cues(stems, taken, known)
    if not matches and not any(cue.kind == "said" for cue in cues):
        return Clause(words, [], [], [], [])
    segment, block = _divide(sentence, words, {cue.first for cue in cues if cue.kind == "contrast"})
    return Clause(words, matches, cues, segment, block)


def _concepts(sentence: str, words: list[Token], stems: list[str], known: Lexicon) -> tuple[list[Hit], set[int]]:
    hits: list[Hit] = []
    taken: set[int] = set()
    for index in range(len(stems)):
        if index in taken:
            continue
        match = known.concept_at(stems, index)
        if match is None:
            continue
        taken.update(match.used)
        hits.extend(_hits(sentence, words, match, known))
    return hits, taken


def _hits(sentence: str, words: list[Token], match: Match, known: Lexicon) -> list[Hit]:
    first, last = match.used[0], match.used[-1]
    surface = sentence[words[first].start : words[last].end].lower().replace("ё", "е")
    nominative = surface in known.nominatives and "а" <= surface[-1] <= "я"
    return [Hit(meaning.value, first, last, match.used, meaning.kind == "denies", nominative)
            for meaning in match.meanings]  # fmt: skip


def _cues(stems: list[str], taken: set[int], known: Lexicon) -> list[Cue]:
    cues: list[Cue] = []
    index = 0
    while index < len(stems):
        match = None if index in taken else known.cue_at(stems, index, taken)
        if match is None:
            index += 1
            continue
        cues.extend(Cue(kind, value, index, match.used[-1]) for kind, value in match.meanings)
        index = match.used[-1] + 1
    return cues


def _divide(sentence: str, words: list[Token], contrasts: set[int]) -> tuple[list[int], list[int]]:
    segment, block = [0] * len(words), [0] * len(words)
    for index in range(1, len(words)):
        between = sentence[words[index - 1].end : words[index].start]
        hard = index in contrasts or "(" in between or ")" in between
        segment[index] = segment[index - 1] + (hard or "," in between)
        block[index] = block[index - 1] + hard
    return segment, block
