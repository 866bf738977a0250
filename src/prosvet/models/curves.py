"""The measured curves beside a card: ROC and reliability of each finding on films kept out of training, by source."""

from __future__ import annotations

from pydantic import Field, ValidationError

from prosvet.core.errors import ModelError
from prosvet.core.types import Frozen, Probability
from prosvet.models.card import Card

__all__ = ["Bin", "Curves", "FindingCurves", "PointMeasured", "SourceCurves", "load_curves"]


class Bin(Frozen):
    """Films whose probability fell into one tenth of the scale: how many, their mean, and the share that has it.

    `low` and `high` are Wilson's 95 % interval of the share.
    """

    n: int = Field(gt=0)
    mean: Probability
    share: Probability
    low: Probability
    high: Probability


class PointMeasured(Frozen):
    """What an operating point of the card gave on these films, as counts."""

    threshold: Probability
    true_positive: int
    true_negative: int


class FindingCurves(Frozen):
    """One finding on the films of one source.

    Attributes
    ----------
    roc : tuple of (1 - specificity, sensitivity)
        From (0, 0) to (1, 1).
    auroc, low, high : float
        With its 95 % interval, drawn by patient.
    """

    positives: int = Field(gt=0)
    negatives: int = Field(gt=0)
    auroc: Probability
    low: Probability
    high: Probability
    roc: tuple[tuple[Probability, Probability], ...]
    bins: tuple[Bin, ...]
    points: dict[str, PointMeasured]


class SourceCurves(Frozen):
    """The films of one source.

    Attributes
    ----------
    refused : int
        Films that the gates refused; they are on no curve.
    same_hospitals : bool
        The films are from the hospitals of training, one hospital to a finding: the figures are too good.
    """

    source: str
    n: int
    patients: int
    refused: int
    same_hospitals: bool
    findings: dict[str, FindingCurves]


class Curves(Frozen):
    """All curves of one revision of a model, and the command that measured them."""

    model: str
    revision: str
    command: str
    sources: tuple[SourceCurves, ...]


def load_curves(card: Card) -> Curves | None:
    """The curves in ``curves/NAME.json`` beside `card`; None where none were measured.

    Raises
    ------
    ModelError
        When the file is not valid, or was measured on another revision: its curves say nothing of this one.
    """
    path = card.folder / "curves" / f"{card.name}.json"
    if not path.is_file():
        return None
    try:
        curves = Curves.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ModelError(name=card.name, reason=f"curves/{path.name}: {error.errors()[0]['msg']}") from None
    if (curves.model, curves.revision) != (card.name, card.revision):
        raise ModelError(name=card.name, reason=f"curves/{path.name}: {curves.model} {curves.revision}")
    return curves
