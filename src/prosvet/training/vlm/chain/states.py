"""Texts of Russian and English radiology to adapt to: states of a film, rendered; a tenth of them is frozen by hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Side, Status
from prosvet.language import render
from prosvet.language.vocabulary import vocabulary
from prosvet.models.findings import FINDINGS
from prosvet.training.vlm.case import share_of

__all__ = ["FROZEN", "State", "frozen", "named", "report", "split", "statement", "states"]

FROZEN = 0.1
_SIDED = ("pleural_effusion", "pneumothorax", "consolidation", "mass", "nodule", "atelectasis", "pleural_thickening")
_SIDES = (Side.LEFT, Side.RIGHT, Side.BILATERAL)
_NORMAL = 0.15
_PROBABLE = 0.12


@dataclass(frozen=True)
class State:
    """What is present on a film, with its side where it has one, and what is absent."""

    present: tuple[tuple[str, Side | None], ...]
    absent: tuple[str, ...]


def states(count: int, seed: int = 0) -> list[State]:
    """Different states, drawn by chance; fewer when chance repeats itself too often."""
    generator = np.random.default_rng(seed)
    found: dict[State, None] = {}
    for _ in range(20 * count):
        found[_drawn(generator)] = None
        if len(found) == count:
            break
    return list(found)


def frozen(name: str) -> bool:
    """Whether what goes by `name` belongs to the set that nothing is trained on."""
    return share_of(name, seed=7) < FROZEN


@lru_cache(maxsize=100_000)
def report(state: State, lang: Lang, seed: int = 0) -> str:
    """The protocol of a state without its titles and without what was not assessed."""
    findings = [Finding(concept=concept, status=Status.PRESENT, side=side) for concept, side in state.present]
    findings += [Finding(concept=concept, status=Status.ABSENT) for concept in state.absent]
    made = render(findings, [], lang, seed=seed)
    sections = [section for section in made.sections if section.name != "not_assessed"]
    said = [sentence.text for section in sections for sentence in section.sentences]
    return " ".join(said[:-1])  # the last one asks for a doctor's eyes, in every report


def statement(concept: str, side: Side | None, lang: Lang, seed: int = 0) -> str:
    """One sentence that states a finding."""
    made = render([Finding(concept=concept, status=Status.PRESENT, side=side)], [], lang, seed=seed)
    return next(s.text for section in made.sections if section.name != "not_assessed" for s in section.sentences)


def named(concept: str, side: Side | None, lang: Lang) -> str:
    """A finding by its name and side."""
    name = vocabulary()[concept].names[lang]
    sides = {"ru": {Side.LEFT: "слева", Side.RIGHT: "справа", Side.BILATERAL: "с обеих сторон"},
             "en": {Side.LEFT: "left", Side.RIGHT: "right", Side.BILATERAL: "both sides"}}  # fmt: skip
    return name if side is None else f"{name}, {sides[lang][side]}"


def split(found: Sequence[State]) -> tuple[list[State], list[State]]:
    """States to learn from, and frozen ones."""
    kept = [frozen(repr(state)) for state in found]
    return [s for s, k in zip(found, kept, strict=True) if not k], [s for s, k in zip(found, kept, strict=True) if k]


def _drawn(generator: np.random.Generator) -> State:
    specific = FINDINGS[1:]
    if generator.random() < _NORMAL:
        chosen: list[str] = []
    else:
        chosen = [concept for concept in specific if generator.random() < _PROBABLE]
    present = tuple((concept, _side(concept, generator)) for concept in chosen)
    spoken = generator.random() < 0.5  # a protocol denies much or little
    rest = [concept for concept in specific if concept not in chosen]
    absent = tuple(c for c in rest if generator.random() < (0.9 if spoken else 0.25))
    return State(present, absent or (() if present else tuple(rest)))


def _side(concept: str, generator: np.random.Generator) -> Side | None:
    return _SIDES[generator.integers(3)] if concept in _SIDED else None
