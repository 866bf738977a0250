"""What the tests of retraining ask for."""

from __future__ import annotations

from pathlib import Path

from prosvet.training.pipeline.plan import FreezePlan, Plan, Policy

__all__ = ["plan_over"]


def plan_over(films: Path, **policy: object) -> Plan:
    """Only the folder's films; consolidation and effusion are what can be judged there."""
    return Plan(
        freeze=FreezePlan(archive=False, data=films), policy=Policy(critical=("consolidation",), **policy)
    )  # fmt: skip
