"""What a federation has learned, kept as an adapter of this site: compared, deployed and rolled back like any other."""

from __future__ import annotations

import numpy as np

from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import FederationError
from prosvet.models.adapter import Adapter, AdapterCard, FindingAdaptation
from prosvet.models.adapter_files import save_adapter
from prosvet.models.card import load_card
from prosvet.training.federated.exchange import OpenRound
from prosvet.training.federated.films import FilmSet
from prosvet.training.federated.heads import to_weights

__all__ = ["adopt"]


def adopt(opened: OpenRound, films: FilmSet, context: Context) -> Adapter:
    """Keep the state of a round as the site's next adapter; thresholds stay the model's own.

    Nothing is put in force: ``prosvet site compare`` judges it on films it was not trained on, ``prosvet site use``
    deploys it.

    Raises
    ------
    FederationError
        ``full_not_adapter``, ``no_rounds``, ``other_base``, ``other_findings``.
    """
    plan, settings = opened.plan, context.settings
    if plan.method == "full":
        raise FederationError(reason="full_not_adapter")
    if opened.number == 0:
        raise FederationError(reason="no_rounds", name=plan.name)
    films.design(plan)  # refuses films of another base
    name, _, revision = plan.base.partition("@")
    base = load_card(name, settings.home)
    if (base.revision, base.labels) != (revision, plan.findings):
        raise FederationError(reason="other_base", found=f"{base.name}@{base.revision}", wanted=plan.base)
    weights = to_weights(opened.state["theta"])
    findings = {
        finding: FindingAdaptation(
            kind="residual" if active else "identity", why="federated", positives=films.counts[finding][0],
            negatives=films.counts[finding][1], patients=len(films.seen), penalty=plan.penalty,
        )
        for finding, active in zip(plan.findings, weights.active, strict=True)
    }  # fmt: skip
    card = AdapterCard(
        site=settings.site, version=1, name=f"{plan.name}, {opened.number}", model=base.name, revision=base.revision,
        sha256="0" * 64, bytes=1, created=now("second"), by=context.actor.name,
        labels_from=f"federation {plan.name}, round {opened.number}: {', '.join(plan.sites)}",
        data_sha256=films.data_sha256 or opened.sha256, films=len(films), studies=int(np.size(films.seen)),
        patients=len(films.seen), folds=0, seed=0, seen=films.seen, labels=base.labels, findings=findings,
    )  # fmt: skip
    return save_adapter(settings, card, weights)
