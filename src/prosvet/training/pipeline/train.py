"""Train: from the frozen films and the model in force to a pack of its own, whose card says where it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prosvet.core.context import Context
from prosvet.core.i18n import LANGS, text
from prosvet.models.card import Card, Parent, Source, load_card
from prosvet.models.deployed import deployed
from prosvet.models.examine import Examiner
from prosvet.training.pipeline.freeze import frozen, frozen_rows
from prosvet.training.pipeline.manifest import FrozenSet, Row
from prosvet.training.pipeline.pack_folder import CARD, model_digest, write_card, write_parts
from prosvet.training.pipeline.plan import TrainPlan
from prosvet.training.pipeline.train_head import train_head

__all__ = ["parent_of", "train_inputs", "train_into"]


def parent_of(context: Context) -> Card:
    """The model to go on from: the one in force, without an adapter that a site may have put on it."""
    return load_card(deployed(context.settings).model, context.settings.home)


def train_inputs(run: Path, plan: TrainPlan, context: Context) -> dict[str, Any]:
    """What the result depends on."""
    return {
        "data": frozen(run).manifest, "plan": plan.model_dump(mode="json"), "parent": model_digest(parent_of(context)),
    }  # fmt: skip


def train_into(folder: Path, run: Path, plan: TrainPlan, context: Context) -> None:
    """Write the pack into `folder`.

    Raises
    ------
    RetrainingError
        When there is too little to learn from.
    MissingExtra
        Without the extra ``train``.
    """
    data = frozen(run)
    rows = [row for row in frozen_rows(run) if row.part == "train"]
    settings = context.settings
    parent = Examiner(parent_of(context), settings.threads, settings.operating_point)
    encoder: Path | None
    if plan.kind == "head":
        encoder, changed = train_head(rows, data, plan, parent, folder, context)
    else:
        from prosvet.training.pipeline.train_full import train_full

        encoder, changed = train_full(rows, plan, parent, folder, run / "full", context)
    files = write_parts(parent.card, encoder, folder)
    content = parent.card.model_dump(mode="json", exclude={"folder"}) | changed
    content |= _words(run.name, parent.card, data, rows, plan, context)
    content["files"] = {part: file.model_dump() for part, file in files.items()}
    write_card(Card.model_validate(content), folder / CARD)


def _words(
    name: str, parent: Card, data: FrozenSet, rows: Sequence[Row], plan: TrainPlan, context: Context
) -> dict[str, Any]:
    """Name, revision, parents, sources and limits of the challenger."""
    site = context.settings.site
    came_from = Parent(
        name=parent.name, revision=parent.revision, encoder_sha256=parent.files["encoder"].sha256, kind=plan.kind,
        data_sha256=data.manifest,
    )  # fmt: skip
    facts = {"site": site, "parent": f"{parent.name} {parent.revision}", "n": len(rows)}
    own = [
        Source(name=text(f"retraining.sources.{origin}", "en", site=site), films=films, licence="site")
        for origin, films in sorted(Counter(row.origin for row in rows).items())
    ]
    kept = parent.training if plan.kind == "head" else ()
    return {
        "name": name,
        "revision": f"{parent.revision.split('+')[0]}+{site}.{data.manifest[:8]}",
        "title": {lang: text("retraining.card_title", lang, **facts) for lang in LANGS},
        "parents": [one.model_dump() for one in (came_from, *(parent.parents if plan.kind == "head" else ()))],
        "training": [one.model_dump() for one in (*kept, *own)],
        "figures": [],
        "limits": {
            lang: (text(f"retraining.limits.{plan.kind}", lang, **facts), *parent.limits.get(lang, ()))
            for lang in LANGS
        },
    }
