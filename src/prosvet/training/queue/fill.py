"""Fill the queue: the pool, the rule, and the cases with their reasons, kept in one transaction."""

from __future__ import annotations

import numpy as np
from sqlalchemy import insert

from prosvet.archive.schema_marks import MarkCase, MarkDraw
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import MarkError
from prosvet.models.examine import Examiner
from prosvet.training.queue.candidates import Pool, gather
from prosvet.training.queue.reasons import KINDS, Why, weight_of
from prosvet.training.queue.rule import BEYOND, Chosen, combined, pick

__all__ = ["RANDOM_SHARE", "fill"]

RANDOM_SHARE = 0.2
"""Of a queue, drawn by chance unless it is said otherwise."""
_CHANCE = Why(kind="random", strength=1.0)


def fill(n: int, random_share: float, seed: int, context: Context) -> int:
    """Choose `n` films and put them in the queue; returns the number of the draw.

    The same archive, seed and numbers give the same queue.

    Raises
    ------
    MarkError
        When no film can be chosen.
    """
    ref = context.get(Examiner).ref
    pool = gather(context, seed=seed)
    model = f"{ref.name}@{ref.revision}"
    if not pool.images:
        raise MarkError(reason="no_films", model=model)
    weight = np.array([combined([weight_of(why) for why in pool.why.get(i, ())]) for i in range(len(pool.images))])
    proved = [i for i, reasons in sorted(pool.why.items()) if any(why.kind == "miss" for why in reasons)]
    chosen = pick(pool.vectors, weight, pool.known, n, random_share, seed, proved)
    rule = {
        "random_share": random_share,
        "beyond": BEYOND,
        "worth": {kind: one.worth for kind, one in KINDS.items()},
        "asked": n,
    }
    values = {
        "at": now(), "by": context.actor.name, "model": model, "seed": seed, "eligible": len(pool.images),
        "drawn": len(chosen), "random": sum(one.random for one in chosen), "rule": rule,
    }  # fmt: skip
    with context.get(Store).note() as db:
        draw = int(db.execute(insert(MarkDraw).values(values).returning(MarkDraw.id)).scalar_one())
        rows = [_row(pool, one, float(weight[one.index]), draw, place) for place, one in enumerate(chosen, start=1)]
        db.execute(insert(MarkCase), rows)
        AuditLog.from_context(context).write("marks_queue", draw=draw, films=len(chosen), seed=seed, model=model)
    return draw


def _row(pool: Pool, one: Chosen, weight: float, draw: int, place: int) -> dict[str, object]:
    """A film of chance is told as that alone: what else speaks for it must not be seen, nor sway the estimate."""
    known = sorted(pool.why.get(one.index, ()), key=weight_of, reverse=True)
    reasons = [_CHANCE, *known] if one.random else known
    blind = any(KINDS[why.kind].blind for why in reasons)
    return {
        "draw_id": draw, "study_id": pool.studies[one.index], "image_id": pool.images[one.index], "place": place,
        "kind": reasons[0].kind, "why": [why.model_dump(mode="json", exclude_none=True) for why in reasons],
        "blind": blind, "weight": weight,
    }  # fmt: skip
