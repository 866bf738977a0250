"""What a run of retraining is asked to do: what to freeze, how to train, when to let a challenger pass."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from prosvet.core.types import Frozen

__all__ = ["NAME", "FreezePlan", "Plan", "Policy", "TrainPlan"]

NAME = r"^[a-z0-9][a-z0-9_-]{0,39}$"
"""Of a run, and of the model that comes of it."""


class FreezePlan(Frozen):
    """Which films go in; fixed once they are frozen.

    Attributes
    ----------
    archive : bool
        Marked films and films with signed protocols of this site.
    data : Path or None
        Also a folder with ``cxr/manifest.csv``, its rows of `splits`.
    sets : tuple of str
        More sets to evaluate on, never trained on: ``FOLDER:SPLIT``.
    synthetic : tuple of Path
        Sets of made films (``prosvet synthesize set``): learned from, never judged by.
    check_share : float
        Share of patients kept apart for evaluation, 0..1.
    seed : int
        Which patients those are. A patient stays on one side whatever comes later.
    """

    archive: bool = True
    data: Path | None = None
    splits: tuple[str, ...] = ("train",)
    sets: tuple[str, ...] = ()
    synthetic: tuple[Path, ...] = ()
    check_share: float = Field(default=0.3, ge=0.1, le=0.9)
    seed: int = Field(default=0, ge=0, le=2**31)


class TrainPlan(Frozen):
    """How to train.

    Attributes
    ----------
    kind : str
        ``head`` fits the last layer anew, drawn towards the one in force; ``full`` trains a network from the start.
    least : int
        Films with a finding, and films without it, in either part, below which it keeps the head it has.
    images : int or None
        ``full``: films to see; the recipe's own number when None.
    seed : int
        Of the folds, and of the training.
    """

    kind: Literal["head", "full"] = "head"
    least: int = Field(default=10, ge=5, le=1000)
    images: int | None = Field(default=None, ge=64)
    seed: int = Field(default=1, ge=0, le=2**31)


class Policy(Frozen):
    """When a challenger may be promoted.

    Attributes
    ----------
    level : float
        Of the family-wise error of all tests together (Holm): a difference for the worse below it refuses.
    margin_auroc, margin_sensitivity : float
        How much worse a critical finding might be at the lower end of the 95 % interval of the difference. 0.05 of
        AUROC is the margin that reader studies of imaging commonly take; 0.10 of sensitivity is one case in ten.
    least : int
        Patients with the finding, and patients without, below which a finding is "not assessed".
    critical : tuple of str or None
        Findings that the margins hold for; the vocabulary's critical ones when None.
    not_assessed : str
        ``refuse``: a finding that changed and cannot be judged stops the promotion. ``accept``: it does not, unless it
        is critical; the card names it all the same.
    """

    level: float = Field(default=0.05, gt=0, lt=0.5)
    margin_auroc: float = Field(default=0.05, gt=0, le=0.5)
    margin_sensitivity: float = Field(default=0.10, gt=0, le=0.5)
    least: int = Field(default=10, ge=5, le=1000)
    critical: tuple[str, ...] | None = None
    not_assessed: Literal["refuse", "accept"] = "refuse"


class Plan(Frozen):
    """The three together, as a run keeps them."""

    freeze: FreezePlan = FreezePlan()
    train: TrainPlan = TrainPlan()
    policy: Policy = Policy()
