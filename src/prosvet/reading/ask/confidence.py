"""How likely an answer is right, from the calibrated probabilities of what it stands on."""

from __future__ import annotations

from prosvet.core.types import Finding, Status, View
from prosvet.reading.ask.answer import Reply
from prosvet.reading.ask.understand import Asked
from prosvet.reading.several import Looked

__all__ = ["certainty", "confidence_of"]


def certainty(finding: Finding) -> float | None:
    """The probability that what is said of `finding` is so; None where nothing is said, or nothing was scored.

    Examples
    --------
    >>> certainty(Finding(concept="mass", status=Status.ABSENT, probability=0.25))
    0.75
    """
    if finding.probability is None or finding.status not in (Status.PRESENT, Status.ABSENT):
        return None
    return finding.probability if finding.status is Status.PRESENT else round(1 - finding.probability, 4)


def confidence_of(reply: Reply, asked: Asked | None, looked: Looked) -> float | None:
    """Of an answer to one finding, that finding's certainty; of a list, that of its least certain member.

    None after an abstention, for a measurement (it has no probability), and for a question that is itself about
    probabilities.
    """
    if not reply.answered or asked is None or asked.kind in ("ratio", "likelihood", "compare"):
        return None
    if asked.kind == "view":
        side = looked.gates.lateral_probability
        return side if looked.gates.view is View.LATERAL else round(1 - side, 4)
    sure = [one for finding in reply.findings if (one := certainty(finding)) is not None]
    if not sure:
        return None
    # One kind of a finding is enough for a yes; a list is wrong if any of it is.
    return max(sure) if asked.kind in ("presence", "where", "normal") else min(sure)
