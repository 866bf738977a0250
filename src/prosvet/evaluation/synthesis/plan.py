"""What the generator is asked for: likenesses of real films, findings against normals, sides, and pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from prosvet.core.i18n import LANGS
from prosvet.core.types import Side, Status, Zone
from prosvet.evaluation.synthesis.films import Known, Shots
from prosvet.language.templates import sentences_for
from prosvet.synthesis.card import GeneratorCard

__all__ = ["ASKED", "Asked", "findings_plan", "likenesses", "pairs_plan", "styles_with"]

Part = Literal["likeness", "finding", "normal_of_pair", "finding_of_pair"]

ASKED = ("pneumonia", "tuberculosis", "cardiomegaly")
"""Findings that adherence is measured for, each against normals."""

_PAIRS = (
    ("pneumonia", Side.LEFT, Zone.LOWER), ("pneumonia", Side.RIGHT, Zone.LOWER),
    ("pneumonia", Side.LEFT, Zone.UPPER), ("pneumonia", Side.RIGHT, Zone.UPPER),
    ("pneumonia", Side.LEFT, None), ("pneumonia", Side.RIGHT, None),
    ("pleural_effusion", Side.LEFT, None), ("pleural_effusion", Side.RIGHT, None),
    ("tuberculosis", None, None), ("cardiomegaly", None, None),
)  # fmt: skip
_LEAST = 8  # films of each class that an archive needs for its look to be compared within


@dataclass(frozen=True)
class Asked:
    """One picture to make, and why.

    Attributes
    ----------
    concepts : tuple of str
        What the prompt names; ``normal`` for a normal one.
    style : str
        A look of the generator's card; empty for any.
    seed : int
        Two pictures of a pair have the same; no others do.
    side : str
        What the prompt says; empty for none.
    like : str
        The id of the real film whose labels and archive a likeness has.
    """

    part: Part
    concepts: tuple[str, ...]
    prompt: str
    style: str
    seed: int
    side: str = ""
    like: str = ""


def _words(
    concepts: Sequence[str], random: np.random.Generator, side: Side | None = None, zone: Zone | None = None
) -> str:
    """A prompt in Russian or English, by lot: a protocol's sentence or a short phrase for each concept."""
    lang = LANGS[int(random.integers(len(LANGS)))]
    said = (sentences_for(c, lang, Status.PRESENT, *((side, zone) if c != "normal" else ())) for c in concepts)
    return " ".join(str(random.choice(one)) for one in said)


def likenesses(films: Shots, count: int, card: GeneratorCard, seed: int) -> list[Asked]:
    """For each of `count` films drawn without repeats, a picture with its labels in its archive's look.

    So that the made set has the mixture of the real one: else every distance would measure the mixture.
    """
    random = np.random.default_rng(seed)
    speaking = [one for one in films.known if _sayable(one, card)]
    order = random.permutation(len(speaking))[:count]
    return [
        Asked("likeness", said, _words(said, random), _style(one.source, card), seed + number, like=one.id)
        for number, row in enumerate(sorted(order.tolist()))
        if (said := _sayable(one := speaking[row], card))
    ]


def _sayable(one: Known, card: GeneratorCard) -> tuple[str, ...]:
    """What a prompt says of a film: its findings that the generator was told of, without their parents."""
    named = [c for c in card.findings if c in one.present and c != "abnormal"]
    if "covid19_pneumonia" in named and "pneumonia" in named:
        named.remove("pneumonia")
    return tuple(named[:3]) or (("normal",) if "normal" in one.present else ())


def _style(source: str, card: GeneratorCard) -> str:
    return source if source in card.styles else ""


def styles_with(finding: str, films: Shots, card: GeneratorCard) -> str:
    """The look in which `finding` and normals were both learned from the most films; empty where there is none."""
    normal, sick = films.with_finding("normal"), films.with_finding(finding)
    both = {
        style: min(int((films.of(style) & kind).sum()) for kind in (normal, sick))
        for style in sorted({one.source for one in films.known} & set(card.styles))
    }
    best = max(both, key=lambda style: both[style], default="")
    return best if best and both[best] >= _LEAST else ""


def findings_plan(styles: dict[str, str], count: int, seed: int) -> list[Asked]:
    """`count` pictures of each finding and of normals in any look, and of both again in the finding's own look.

    Parameters
    ----------
    styles : dict of finding to style
        An empty style leaves the comparison within a look out.
    """
    random, cells = np.random.default_rng(seed), [("normal", "")]
    for finding, style in styles.items():
        cells += [(finding, "")]
        cells += [(finding, style), ("normal", style)] if style else []
    return [
        Asked("finding", (concept,), _words((concept,), random), style, seed + number)
        for number, (concept, style) in enumerate(cell for cell in dict.fromkeys(cells) for _ in range(count))
    ]


def pairs_plan(count: int, seed: int) -> list[Asked]:
    """`count` pairs of a normal and a finding of the same seed, over sides, zones and the heart in turn."""
    random, plan = np.random.default_rng(seed), []
    for number in range(count):
        concept, side, zone = _PAIRS[number % len(_PAIRS)]
        plan.append(Asked("normal_of_pair", ("normal",), _words(("normal",), random), "", seed + number))
        words = _words((concept,), random, side, zone)
        plan.append(Asked("finding_of_pair", (concept,), words, "", seed + number, side.value if side else ""))
    return plan
