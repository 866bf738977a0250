"""What an English text encoder is told of a Russian prompt: each clause's findings, by the shared vocabulary."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prosvet.core.types import Side, Status, Zone
from prosvet.language.labels import LabelledFinding, report_labels
from prosvet.language.vocabulary import vocabulary
from prosvet.synthesis.prompt import Clause, weighted

__all__ = ["English", "english"]

_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_NORMAL = "normal chest x-ray, lungs are clear, heart size is normal"
_ALL_WELL = re.compile(r"без (\w+ )?(патолог|особенност|изменени)|\bнорм[аы]\b|не изменен", re.IGNORECASE)
_IMPLIED = ("abnormal",)
_ZONES = {Zone.UPPER: "upper", Zone.MIDDLE: "middle", Zone.LOWER: "lower"}


@dataclass(frozen=True)
class English:
    """Weighted clauses for the encoders, whether they were translated, and Russian stretches without a finding."""

    clauses: tuple[Clause, ...]
    translated: bool
    lost: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it in one line, without weights."""
        return " ".join(clause.text for clause in self.clauses)


def english(prompt: str) -> English:
    """`prompt` clause by clause, English ones as they are.

    Examples
    --------
    >>> english("(кардиомегалия:1.5)").clauses
    (Clause(text='cardiomegaly', weight=1.5),)
    >>> english("lungs are clear").translated
    False
    """
    clauses, lost, translated = [], [], False
    for clause in weighted(prompt):
        if not _CYRILLIC.search(clause.text):
            clauses.append(clause)
            continue
        translated = True
        said = _said(clause.text)
        if said:
            clauses.append(Clause(said, clause.weight))
        else:
            lost.append(clause.text)
    return English(tuple(clauses), translated, tuple(lost))


def _said(words: str) -> str:
    found = [one for one in report_labels(words, parents=True) if not one.why.implied_by]
    if _ALL_WELL.search(words) and all(one.status is Status.ABSENT or one.concept == "normal" for one in found):
        return _NORMAL  # "no changes" of a named place is more than the absence of one finding there
    return ", ".join(dict.fromkeys(_phrase(one) for one in found if one.concept not in _IMPLIED))


def _phrase(one: LabelledFinding) -> str:
    if one.concept == "normal":
        return _NORMAL
    name = vocabulary()[one.concept].names["en"]
    name = name if name[:2].isupper() else name[0].lower() + name[1:]
    if one.status is Status.ABSENT:
        return f"no {name}"
    grade = f"{one.severity} " if one.severity else ""
    return f"{'possible ' if one.status is Status.UNCERTAIN else ''}{grade}{name}{_place(one.side, one.zone)}"


def _place(side: Side | None, zone: Zone | None) -> str:
    where = _ZONES.get(zone, "") if zone else ""
    if side is Side.BILATERAL:
        return f" in both {where + ' ' if where else ''}lungs"
    if side in (Side.LEFT, Side.RIGHT):
        return f" in the {side.value} {where + ' ' if where else ''}lung"
    return f" in the {where} lung" if where else ""
