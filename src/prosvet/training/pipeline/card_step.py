"""The challenger's card: what it came from, how it stands against the model in force, and whether it may pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from prosvet.core.context import Context
from prosvet.core.types import Frozen
from prosvet.models.card import Figure, cards, load_card
from prosvet.training.pipeline.evaluate import Compared, compare, scored
from prosvet.training.pipeline.freeze import frozen
from prosvet.training.pipeline.judge import Against, Judged, Verdict, critical_of, judge
from prosvet.training.pipeline.manifest import FrozenSet
from prosvet.training.pipeline.pack_folder import card_of, model_digest, publish
from prosvet.training.pipeline.plan import Policy
from prosvet.training.pipeline.steps import read_step, write_text
from prosvet.training.pipeline.train_head import FITTED

__all__ = ["Challenger", "card_inputs", "card_into", "challenger_of", "is_published"]

_CARD = "challenger.json"


class Challenger(Frozen):
    """The challenger's card.

    Attributes
    ----------
    model, revision : str
        As ``prosvet models show`` names it.
    fitted : dict
        By finding, what training did (``head``): moved or not, ridge, gain over left-out patients.
    """

    model: str
    revision: str
    kind: str
    compared: Compared
    data: FrozenSet
    policy: Policy
    critical: tuple[str, ...]
    verdict: Verdict
    against: tuple[Against, ...]
    comparisons: tuple[Judged, ...]
    fitted: dict[str, dict[str, Any]] = Field(default_factory=dict)


def card_inputs(run: Path, policy: Policy) -> dict[str, Any]:
    """What the card depends on."""
    done = read_step(run, "evaluate")
    return {"evaluate": done.outputs if done else {}, "policy": policy.model_dump(mode="json")}


def is_published(run: Path, context: Context) -> bool:
    """Whether the run's pack is among the home's models, and is the one that was trained."""
    home = context.settings.home
    if run.name not in cards(home):
        return False
    return model_digest(load_card(run.name, home)) == model_digest(card_of(run / "train"))


def card_into(folder: Path, run: Path, policy: Policy, context: Context) -> None:
    """Judge, write the card into `folder`, and publish the pack with its figures among the home's models."""
    pack = card_of(run / "train")
    compared, found = scored(run)
    comparisons = compare(found, pack.labels, policy)
    verdict, judged, against = judge(comparisons, policy, pack.labels)
    fitted = run / "train" / FITTED
    made = Challenger(
        model=pack.name, revision=pack.revision, kind=pack.parents[0].kind, compared=compared, data=frozen(run),
        policy=policy, critical=critical_of(policy, pack.labels), verdict=verdict, against=against,
        comparisons=judged, fitted=json.loads(fitted.read_text(encoding="utf-8")) if fitted.is_file() else {},
    )  # fmt: skip
    publish(pack, pack.name, context.settings.home, more={"figures": _figures(judged, run.name)})
    write_text(folder / _CARD, made.model_dump_json(indent=1))


def challenger_of(run: Path) -> Challenger:
    """The card that was written."""
    return Challenger.model_validate_json((run / "card" / _CARD).read_text(encoding="utf-8"))


def _figures(judged: tuple[Judged, ...], run: str) -> tuple[Figure, ...]:
    """What the tests measured, as the model's own card tells it; the difference has the interval."""
    made = []
    for one in judged:
        if one.challenger is None or one.difference is None:
            continue
        common: dict[str, Any] = {
            "data": one.set, "n": one.positives + one.negatives, "command": f"prosvet retrain evaluate {run}",
        }  # fmt: skip
        metric = f"{one.concept}, {one.metric}"
        made += [
            Figure(metric=metric, value=one.challenger, **common),
            Figure(metric=f"{metric}, less the parent's", value=one.difference, low=one.low, high=one.high, **common),
        ]
    return tuple(made)
