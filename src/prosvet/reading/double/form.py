"""The form of an opinion: which findings are asked of every study, and what may be said of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from prosvet.core.types import Finding, Frozen, Probability, Side, Status
from prosvet.language.vocabulary import SYNDROMES, vocabulary

__all__ = ["FORM", "OpinionFinding", "Opinions", "as_opinion", "filled", "from_row", "known", "to_row"]

FORM: tuple[str, ...] = (
    *SYNDROMES, "pneumonia", "tuberculosis", "edema", "emphysema", "fibrosis", "pleural_thickening", "hernia",
)  # fmt: skip
"""The Moscow list, then what else the program scores and a chest film is often asked about. More may be added."""


class OpinionFinding(Frozen):
    """What one reader says of one finding. A side goes with what is there or may be there."""

    status: Status = Field(description="present, absent, uncertain or not_assessed.")
    side: Side | None = Field(default=None, description="The patient's side.")
    comment: str = Field(default="", max_length=500)
    probability: Probability | None = Field(default=None, description="The program's, where it is the reader.")

    @model_validator(mode="after")
    def _side_of_something(self) -> Self:
        if self.side is not None and self.status not in (Status.PRESENT, Status.UNCERTAIN):
            raise ValueError("a side goes with a finding that is present or uncertain")
        return self


Opinions = dict[str, OpinionFinding]


def known(findings: Mapping[str, OpinionFinding]) -> None:
    """Raise where a concept is not in the vocabulary.

    Raises
    ------
    UnknownName
    """
    for concept in findings:
        vocabulary()[concept]


def filled(findings: Mapping[str, OpinionFinding]) -> Opinions:
    """The findings with the whole form: what was not answered is not assessed.

    Examples
    --------
    >>> filled({})["pneumothorax"].status.value
    'not_assessed'
    """
    silent = OpinionFinding(status=Status.NOT_ASSESSED)
    form = {concept: findings.get(concept, silent) for concept in FORM}
    return form | {concept: finding for concept, finding in findings.items() if concept not in form}


def as_opinion(found: Mapping[str, Finding]) -> Opinions:
    """A model's findings as an opinion; `normal` and `abnormal` speak of the whole film and are left out."""
    return {
        concept: OpinionFinding(
            status=finding.status,
            side=finding.side if finding.status in (Status.PRESENT, Status.UNCERTAIN) else None,
            probability=finding.probability,
        )
        for concept, finding in found.items()
        if concept not in ("normal", "abnormal")
    }


def to_row(findings: Mapping[str, OpinionFinding]) -> dict[str, Any]:
    """As the table keeps them."""
    return {concept: finding.model_dump(mode="json", exclude_none=True) for concept, finding in findings.items()}


def from_row(row: Mapping[str, Any]) -> Opinions:
    """From the table."""
    return {concept: OpinionFinding.model_validate(value) for concept, value in row.items()}
