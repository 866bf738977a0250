"""Whether a film shows what a question names: yes, no, or why it cannot be said.

A question is answered only when it is understood to its last word: it asks whether something is present, and what it
asks about is a concept of the vocabulary that the reading says is present or absent. "Is the effusion larger than
before?", "which is least likely" and the like are not such questions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from prosvet.core.types import Finding, Side, Status
from prosvet.language import Mention, find_mentions
from prosvet.language.cuewords import cues
from prosvet.language.vocabulary import vocabulary

__all__ = ["Held", "asked", "holds", "left_over", "narrowest", "words_of_asking", "words_of_place"]

WORD = re.compile(r"[^\W\d_]+")
_SPOKEN = (Status.PRESENT, Status.UNCERTAIN)


@dataclass(frozen=True)
class Held:
    """What the reading says of one claim.

    Attributes
    ----------
    answer : {"yes", "no"} or None
        None: it cannot be said, and `reason` is why: ``not_understood``, ``uncertain``, ``not_assessed`` or
        ``place_not_assessed``.
    findings : tuple of Finding
        What the answer stands on.
    """

    answer: Literal["yes", "no"] | None = None
    reason: str = ""
    findings: tuple[Finding, ...] = ()


def holds(claim: Mention, findings: Mapping[str, Finding]) -> Held:
    """Whether what is asked holds; that a film is normal is the opposite of that it is abnormal."""
    if claim.concept != "normal":
        return _present(claim.concept, claim, findings)
    opposite = _present("abnormal", None, findings)
    turned: dict[str | None, Literal["yes", "no"]] = {"yes": "no", "no": "yes"}
    return Held(turned.get(opposite.answer), opposite.reason, opposite.findings)


def _present(concept: str, claim: Mention | None, findings: Mapping[str, Finding]) -> Held:
    """Whether `concept` is present, by itself or by a kind of it, or absent, by itself or with what it is a kind of."""
    words = vocabulary()
    family = [findings[one] for one in (concept, *sorted(words.descendants(concept))) if one in findings]
    present = tuple(finding for finding in family if finding.status is Status.PRESENT)
    if present:
        placed = tuple(finding for finding in present if claim is None or _placed(claim, finding))
        return Held("yes", "", placed) if placed else Held(None, "place_not_assessed", present)
    doubtful = tuple(finding for finding in family if finding.status is Status.UNCERTAIN)
    if doubtful:
        return Held(None, "uncertain", doubtful)
    # That the whole film is not abnormal does not speak for a finding that was not looked for.
    above = (concept, *sorted(words.ancestors(concept) - {"abnormal"}))
    denied = tuple(findings[one] for one in above if one in findings and findings[one].status is Status.ABSENT)
    return Held("no", "", denied) if denied else Held(None, "not_assessed", tuple(family[:1]))


def _placed(claim: Mention, finding: Finding) -> bool:
    """Whether a finding lies where the question asks; a map's place speaks for it, but never against."""
    if claim.severity is not None:
        return False
    sides = (claim.side, Side.BILATERAL) if claim.side in (Side.LEFT, Side.RIGHT) else (claim.side,)
    return (claim.side is None or finding.side in sides) and (claim.zone is None or finding.zone is claim.zone)


def asked(text: str) -> Mention | None:
    """The one finding that `text` speaks of as present; None when a word of it is not understood.

    Examples
    --------
    >>> asked("Is there a right pleural effusion?").concept
    'pleural_effusion'
    >>> asked("Is the effusion larger than before?") is None
    True
    """
    mentions = find_mentions(text)
    narrow = narrowest(mentions)
    if len({one.concept for one in narrow}) != 1 or any(one.status not in _SPOKEN for one in narrow):
        return None
    return None if left_over(text, mentions) else narrow[0]


def narrowest(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions without those that another one is a kind of."""
    return [one for one in mentions if not any(one.concept in _above(other.concept) for other in mentions)]


@cache
def _above(concept: str) -> frozenset[str]:
    return vocabulary().ancestors(concept)


def left_over(text: str, mentions: Sequence[Mention]) -> list[str]:
    """The words outside the mentions that are neither words of asking nor of place, in small letters."""
    spans = [(mention.start, mention.end) for mention in mentions]
    outside = (m.group() for m in WORD.finditer(text) if not any(a <= m.start() < b for a, b in spans))
    known = words_of_asking() | words_of_place()
    return [word.casefold() for word in outside if word.casefold() not in known]


@cache
def words_of_asking() -> frozenset[str]:
    """Words that only ask; see ``asking.toml``."""
    table = tomllib.loads(resources.files("prosvet.reading.ask").joinpath("asking.toml").read_text(encoding="utf-8"))
    return frozenset(word for lang in table.values() for words in lang.values() for word in words)


@cache
def words_of_place() -> frozenset[str]:
    """Words for side and zone, as the reports have them."""
    table = cues()
    phrases = [phrase for group in (table.side, table.zone) for cue in group.values() for phrase in cue.words]
    return frozenset(word.casefold() for phrase in phrases for word in WORD.findall(phrase))
