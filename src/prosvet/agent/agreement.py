"""The answer held against the evidence: what it claims, as the labeller reads it, and what the tools returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prosvet.agent.case import Case, Known
from prosvet.agent.trace import Agreement, Claim, Conclusion, Step
from prosvet.core.i18n import text
from prosvet.core.types import Finding, Status
from prosvet.language import Mention, find_mentions
from prosvet.language.check_api import main_language
from prosvet.language.checks.issue import Issue
from prosvet.language.checks.registry import check_text
from prosvet.language.checks.subject import Subject
from prosvet.language.vocabulary import vocabulary

__all__ = ["agreement", "lowered"]

_CLAIMED = (Status.PRESENT, Status.UNCERTAIN, Status.ABSENT)
_RULES = ("contradiction", "status", "side", "number", "unsupported", "measurement", "prior")


def agreement(conclusion: Conclusion, steps: Sequence[Step], known: Known, case: Case) -> Agreement:
    """Every claim of `conclusion` with the steps that speak of it, and every disagreement.

    A reason must name steps that there are and that did not fail; one that names none is not tied to anything, and is
    a disagreement as well. An abstention claims nothing.
    """
    loose = _untied(conclusion, steps, case)
    words = conclusion.text if not conclusion.abstained else ""
    findings = [one for one, _ in known.findings.values()]
    measured = [one for one, _ in known.measurements.values()]
    subject = Subject(words, main_language(words), findings, measured, known.compared)
    issues = check_text(subject, _RULES) if words else ()
    wrong = [issue for issue in issues if issue.severity == "error"]
    told = {
        (one.concept, one.status, one.side): one for one in reversed(find_mentions(words)) if one.status in _CLAIMED
    }
    claims = tuple(_claim(one, known.findings, wrong, case) for one in reversed(told.values()))
    problems = (*(issue.message(case.lang) for issue in wrong), *loose)
    return Agreement(claims=claims, problems=tuple(dict.fromkeys(problems)), contradictions=len(wrong) + len(loose))


def lowered(confidence: float | None, found: Agreement) -> float | None:
    """`confidence`, halved for each contradiction.

    Examples
    --------
    >>> lowered(0.8, Agreement(contradictions=2)), lowered(None, Agreement())
    (0.2, None)
    """
    return None if confidence is None else round(confidence * 0.5**found.contradictions, 4)


def _claim(
    mention: Mention, findings: Mapping[str, tuple[Finding, int]], wrong: Sequence[Issue], case: Case
) -> Claim:  # fmt: skip
    family = _family(mention.concept)
    told = [(one, number) for one, number in findings.values() if one.concept in family]
    spoken = [(one, number) for one, number in told if one.status is not Status.NOT_ASSESSED]
    at_fault = any(issue.start < mention.end and mention.start < issue.end for issue in wrong)
    return Claim(
        concept=mention.concept,
        name=vocabulary()[mention.concept].names[case.lang],
        status=mention.status.value,
        text=mention.text,
        steps=tuple(dict.fromkeys(number for _, number in spoken)),
        agrees=False if at_fault else (True if spoken else None),
    )


def _family(concept: str) -> set[str]:
    """A concept, its kinds, and what it is a kind of: any of them can speak of it."""
    if concept in ("normal", "abnormal"):
        return {"normal", "abnormal"}
    return {concept} | vocabulary().descendants(concept) | (vocabulary().ancestors(concept) - {"abnormal"})


def _untied(conclusion: Conclusion, steps: Sequence[Step], case: Case) -> tuple[str, ...]:
    """Reasons that no step bears out."""
    done = {step.number for step in steps if step.failed is None}
    problems = []
    for reason in conclusion.reasons:
        if not reason.steps and not conclusion.abstained:
            problems.append(text("agent.problems.untied", case.lang, reason=reason.text))
        for number in reason.steps:
            if number not in done and not (conclusion.abstained and number <= len(steps)):
                problems.append(text("agent.problems.no_step", case.lang, number=number))
    if not conclusion.reasons and not conclusion.abstained:
        problems.append(text("agent.problems.no_reasons", case.lang))
    return tuple(problems)
