"""What the tests of retraining ask for, and a model that is easily bettered."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from prosvet.core.context import Context
from prosvet.models.card import Card, Parent, load_card, verified_path
from prosvet.training.pipeline.head_graph import HeadGraph
from prosvet.training.pipeline.pack_folder import publish, write_parts
from prosvet.training.pipeline.plan import FreezePlan, Plan, Policy

__all__ = ["forgetful", "plan_over"]


def plan_over(films: Path, **policy: object) -> Plan:
    """Only the folder's films; consolidation and effusion are what can be judged there."""
    return Plan(
        freeze=FreezePlan(archive=False, data=films), policy=Policy(critical=("consolidation",), **policy)
    )  # fmt: skip


def forgetful(name: str, concept: str, context: Context) -> Card:
    """Publish a model like the shipped one that has forgotten `concept`: the head gives every film the same."""
    parent = load_card("compact", context.settings.home)
    folder = context.settings.home / f"made-{name}"
    folder.mkdir(parents=True)
    graph = HeadGraph(verified_path(parent, "encoder"), len(parent.labels))
    slopes = np.zeros((len(parent.labels), graph.width))
    column = parent.labels.index(concept)
    slopes[column] = -graph.slopes[column]
    graph.moved(slopes, np.zeros(len(parent.labels)), folder / "encoder.onnx")
    came_from = Parent(
        name=parent.name, revision=parent.revision, encoder_sha256=parent.files["encoder"].sha256, kind="head",
        data_sha256="0" * 64,
    )  # fmt: skip
    card = parent.model_copy(update={
        "name": name, "revision": f"{parent.revision}+{name}", "parents": (came_from,),
        "files": write_parts(parent, folder / "encoder.onnx", folder), "folder": folder,
    })  # fmt: skip
    publish(card, name, context.settings.home, more={})
    return load_card(name, context.settings.home)
