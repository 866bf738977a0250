"""A whole network trained from the frozen films, of which too little was seen: it comes to a card, and is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.errors import ChallengerNotAssessed, ChallengerWorse
from prosvet.models.card import load_card, verified_path
from prosvet.models.deployed import deployed
from prosvet.training.pipeline.api import RetrainRequest, run
from prosvet.training.pipeline.plan import TrainPlan

from .plans import plan_over

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_network_trained_on_little_is_finished_and_refused(films: Path, senior: Context) -> None:
    plan = plan_over(films).model_copy(update={"train": TrainPlan(kind="full", images=64)})
    made = run(RetrainRequest(action="run", name="whole", plan=plan), senior).runs[0]
    card = load_card("whole", senior.settings.home)
    assert all(verified_path(card, part).is_file() for part in card.files)
    assert card.parents[0].kind == "full" and made.card is not None
    auroc = next(c for c in made.card.comparisons if c.concept == "abnormal" and c.metric == "auroc")
    assert auroc.difference is not None
    with pytest.raises((ChallengerWorse, ChallengerNotAssessed)):
        run(RetrainRequest(action="promote", name="whole", by="Orlova", why="to see it refused"), senior)
    assert deployed(senior.settings).model == "compact"
