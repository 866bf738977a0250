"""Answers to questions that were understood: yes, no, a place, a measure; or why it cannot be said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from prosvet.core.types import Finding, Measurement, Status, View
from prosvet.language import Mention
from prosvet.language.vocabulary import vocabulary
from prosvet.reading.ask.presence import holds
from prosvet.reading.ask.understand import Asked, Kind
from prosvet.reading.several import Looked

__all__ = ["Reply", "reply"]

_ORDER = (Status.PRESENT, Status.UNCERTAIN, Status.ABSENT, Status.NOT_ASSESSED)
_NEAR = 0.1
"""Probabilities of two findings nearer than this are not told apart."""


@dataclass(frozen=True)
class Reply:
    """What is said, before it is put into words.

    Attributes
    ----------
    said : str
        A key under ``ask.said`` in the locales.
    answered : bool
        False: an abstention, and `said` is its reason.
    answer : {"yes", "no"} or None
        Of questions that have one.
    findings : tuple of Finding
        What the answer stands on, the weightiest first.
    """

    said: str
    answered: bool = True
    answer: Literal["yes", "no"] | None = None
    findings: tuple[Finding, ...] = ()
    measurement: Measurement | None = None


def reply(asked: Asked | None, looked: Looked) -> Reply:
    """What the reading `looked` says to the question `asked`; a change is answered where there are two readings."""
    if not looked.gates.is_chest_xray:
        return Reply("not_chest_xray", answered=False)
    if asked is None:
        return Reply("not_understood", answered=False)
    if asked.kind == "view":
        return Reply("view_lateral" if looked.gates.view is View.LATERAL else "view_frontal")
    if looked.refusal is not None:
        return Reply(looked.refusal, answered=False)
    if asked.kind == "change":
        return Reply("no_prior", answered=False)
    return _ANSWERS[asked.kind](asked.claims, {one.concept: one for one in looked.findings}, looked)


_Findings = Mapping[str, Finding]
_Answer = Callable[[Sequence[Mention], _Findings, Looked], Reply]


def _presence(claims: Sequence[Mention], findings: _Findings, _looked: Looked) -> Reply:
    held = holds(claims[0], findings)
    if held.answer is not None:
        return Reply(held.answer, True, held.answer, held.findings)
    return Reply(held.reason, False, None, held.findings)


def _normal(claims: Sequence[Mention], findings: _Findings, _looked: Looked) -> Reply:
    """Normal or not; the question may be put either way, and the answer says which it is."""
    whole = findings.get("abnormal")
    others = tuple(one for one in _told(findings) if one.concept != "abnormal")
    if whole is None or whole.status is Status.NOT_ASSESSED:
        return Reply("not_assessed", answered=False)
    if whole.status is Status.UNCERTAIN:
        return Reply("normal_uncertain", False, None, (whole, *others))
    abnormal = whole.status is Status.PRESENT or any(one.status is Status.PRESENT for one in others)
    said = "normal_no" if abnormal else "normal_yes"
    if not claims:
        return Reply(said, True, None, (whole, *others))
    yes = abnormal is (claims[0].concept == "abnormal")
    return Reply(said, True, "yes" if yes else "no", (whole, *others))


def _what(_claims: Sequence[Mention], findings: _Findings, _looked: Looked) -> Reply:
    told = tuple(one for one in _told(findings) if one.concept != "abnormal")
    if told:
        return Reply("what", findings=told)
    whole = findings.get("abnormal")
    if whole is None:
        return Reply("not_assessed", answered=False)
    if whole.status is Status.ABSENT:
        return Reply("normal_yes", findings=(whole,))
    return Reply("what_unnamed", whole.status is Status.PRESENT, None, (whole,))


def _where(claims: Sequence[Mention], findings: _Findings, looked: Looked) -> Reply:
    """The place of what is present or thought possible; of what is absent, that it is."""
    held = _presence([_placeless(claims[0])], findings, looked)
    if held.answer == "no":
        return Reply("where_absent", True, None, held.findings)
    if not held.findings or held.said == "not_assessed":
        return Reply("not_assessed", False, None, held.findings)
    placed = tuple(one for one in held.findings if one.side is not None or one.zone is not None)
    if not placed:
        return Reply("where_unknown", False, None, held.findings)
    return Reply("where_uncertain" if held.said == "uncertain" else "where", True, None, placed)


def _placeless(claim: Mention) -> Mention:
    return replace(claim, side=None, zone=None, severity=None)


def _likelihood(claims: Sequence[Mention], findings: _Findings, _looked: Looked) -> Reply:
    found = _family(claims[0].concept, findings)
    if found is None or found.probability is None or found.status is Status.NOT_ASSESSED:
        return Reply("not_assessed", False, None, (found,) if found else ())
    return Reply("likelihood", findings=(found,))


def _compare(claims: Sequence[Mention], findings: _Findings, _looked: Looked) -> Reply:
    found = [_family(claim.concept, findings) for claim in claims]
    known = [one for one in found if one is not None and one.status is not Status.NOT_ASSESSED]
    if len(known) < len(claims):
        return Reply("compare_not_assessed", False, None, tuple(one for one in found if one is not None))
    ordered = sorted(known, key=_weight)
    first, second = ordered[0], ordered[1]
    apart = (first.probability or 0.0) - (second.probability or 0.0)
    if all(one.status is Status.ABSENT for one in ordered):
        return Reply("compare_none", findings=tuple(ordered))
    if first.status is second.status and apart < _NEAR:
        return Reply("compare_alike", False, None, tuple(ordered))
    return Reply("compare", findings=tuple(ordered))


def _both(claims: Sequence[Mention], findings: _Findings, _looked: Looked) -> Reply:
    """Each of several findings, one by one; what is not assessed is named."""
    found = tuple(one for claim in claims if (one := _family(claim.concept, findings)) is not None)
    known = tuple(one for one in found if one.status is not Status.NOT_ASSESSED)
    if not known:
        return Reply("not_assessed", False, None, found)
    return Reply("both" if len(known) == len(claims) else "both_partly", True, None, known)


def _ratio(_claims: Sequence[Mention], findings: _Findings, looked: Looked) -> Reply:
    measured = next((one for one in looked.measurements if one.name == "cardiothoracic_ratio"), None)
    if measured is None:
        return Reply("ratio_unknown", answered=False)
    heart = findings.get("cardiomegaly")
    return Reply("ratio", findings=(heart,) if heart else (), measurement=measured)


def _family(concept: str, findings: _Findings) -> Finding | None:
    """The weightiest finding among a concept and its kinds."""
    names = [concept, *sorted(vocabulary().descendants(concept))]
    family = [findings[one] for one in names if one in findings]
    return min(family, key=_weight, default=None)


def _told(findings: _Findings) -> list[Finding]:
    """Present, then uncertain; a group whose part says the same is left to its part."""
    told = [one for one in findings.values() if one.status in (Status.PRESENT, Status.UNCERTAIN)]
    spoken = {(one.status, one.evidence) for one in told if one.concept != "focal_opacity"}
    told = [one for one in told if one.concept != "focal_opacity" or (one.status, one.evidence) not in spoken]
    return sorted(told, key=_weight)


def _weight(finding: Finding) -> tuple[int, float]:
    return _ORDER.index(finding.status), -(finding.probability or 0.0)


_ANSWERS: dict[Kind, _Answer] = {
    "presence": _presence,
    "normal": _normal,
    "what": _what,
    "where": _where,
    "likelihood": _likelihood,
    "compare": _compare,
    "both": _both,
    "ratio": _ratio,
}
