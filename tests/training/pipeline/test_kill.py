"""Killed with signal 9 in each step in turn, a run goes on where it was, and nothing half-made is ever found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.models.card import cards, load_card, verified_path
from prosvet.models.deployed import history
from prosvet.training.pipeline.api import RetrainRequest, run

from .plans import plan_over

KILLED = """
import os, signal, sys
from prosvet.core.context import Context
from prosvet.core.progress import SilentProgress
from prosvet.core.settings import load_settings
from prosvet.training.pipeline import card_step, pack_folder, promote
from prosvet.training.pipeline.api import RetrainRequest, run

step, request = sys.argv[1:]

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

class Killing(SilentProgress):
    def track(self, items, label, total=None):
        for number, item in enumerate(items):
            if label == f"retrain_{step}" and number == 12:
                kill()
            yield item

if step == "card":
    pack_folder.write_card = kill  # the weights are there, the card is not
if step == "promote":
    promote.write_text = kill  # the deployment is there, the record of it is not
with Context(load_settings(threads=1), Killing()) as context:
    run(RetrainRequest.model_validate_json(request), context)
"""


def killed(step: str, request: RetrainRequest) -> None:
    """Begin `request` in a process of its own that is killed in the middle of `step`."""
    made = subprocess.run(
        [sys.executable, "-c", KILLED, step, request.model_dump_json()], env=os.environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert made.returncode == -signal.SIGKILL, made.stderr


@pytest.mark.timeout(300)
def test_a_run_that_is_killed_in_every_step_ends_like_one_that_is_not(films: Path, own_home: Path) -> None:
    first = RetrainRequest(action="run", name="first", plan=plan_over(films))
    run_folder = own_home / "retraining" / "first"
    for number, step in enumerate(("freeze", "train", "evaluate", "card")):
        killed(step, first)
        done = [name for name in ("freeze", "train", "evaluate", "card") if (run_folder / name / "step.json").is_file()]
        assert done == ["freeze", "train", "evaluate", "card"][:number]
        assert "first" not in cards(own_home)
    with Context(load_settings({}, home=own_home, threads=1)) as context:
        result = run(RetrainRequest(action="run", name="first"), context)
        assert [one.repeated for one in result.done] == [False, False, False, True]
        assert not [path.name for path in run_folder.iterdir() if path.name.startswith(".")]
        card = load_card("first", own_home)
        assert all(verified_path(card, part) for part in card.files)
        assert result.runs[0].card is not None and result.runs[0].card.verdict == "may_pass"
        promotion = RetrainRequest(action="promote", name="first", by="Orlova", why="better")
        killed("promote", promotion)
        assert len(history(context.settings)) == 1
        assert run(promotion, context).in_force.version == 1
        events = [json.loads(line)["event"] for line in (own_home / "audit.jsonl").read_text().splitlines()]
        assert events.count("retrain_promote") == 1
