"""A text of a vision-language model held against the compact findings: what it invented, left out or misplaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Frozen, Measurement
from prosvet.language.checks.issue import Issue
from prosvet.language.checks.registry import check_text
from prosvet.language.checks.subject import Subject

__all__ = ["Flag", "FlagKind", "cross_check"]

FlagKind = Literal["invented", "left_out", "denied", "misplaced", "overstated", "number", "unconfirmed"]

_KINDS: dict[str, FlagKind] = {
    "claimed_absent": "invented",
    "missing": "left_out",
    "missing_side": "left_out",
    "denied_present": "denied",
    "denied_uncertain": "denied",
    "wrong_side": "misplaced",
    "wrong_zone": "misplaced",
    "overstated": "overstated",
    "number_differs": "number",
    "number_unmeasured": "number",
    "ratio_contradicts": "number",
    "prior": "invented",
    "unsupported_claim": "unconfirmed",
}
_WHOLE = ("status", "side", "number", "unsupported", "missing", "prior")
_CLAIMS = ("status", "side", "number", "unsupported", "prior")


class Flag(Frozen):
    """A place where the text and the compact findings part; which of them is right, the doctor sees on the film.

    Attributes
    ----------
    kind : str
        ``invented``: claimed, and the compact pack finds it absent; ``left_out``: found, and not said; ``denied``:
        found, and denied; ``unconfirmed``: claimed, and the compact pack does not assess it.
    text : str
        The words at fault, empty for what was left out.
    said : str
        What is wrong, in words.
    """

    kind: FlagKind
    concept: str | None
    text: str
    said: str


def cross_check(
    text: str, lang: Lang, findings: Sequence[Finding], measurements: Sequence[Measurement], *,
    prior: bool = False, whole: bool = True,
) -> tuple[Flag, ...]:  # fmt: skip
    """Everything in which `text` and the compact findings part.

    Parameters
    ----------
    prior : bool
        An earlier film was given, so that a comparison has something to compare with.
    whole : bool
        The text is a report, and should say all that was found; an answer to a question need not.
    """
    subject = Subject(text, lang, tuple(findings), tuple(measurements), prior)
    issues = check_text(subject, _WHOLE if whole else _CLAIMS)
    return tuple(_flag(issue, lang) for issue in issues if issue.key in _KINDS)


def _flag(issue: Issue, lang: Lang) -> Flag:
    return Flag(kind=_KINDS[issue.key], concept=issue.concept, text=issue.text, said=issue.message(lang))
