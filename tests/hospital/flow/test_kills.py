"""Killed at any point, each result is at the peer once."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from flow_lives import Home, kill_test, words
from flow_points import POINTS
from flow_support import Flow, storescp
from hospital_films import as_dx
from prosvet.core.audit import verify

SCRIPT = Path(__file__).resolve().parents[2] / "flow_points.py"
KINDS = ("sr", "text_sr")
QUICK = ("within the transaction of results", "the peer has it, the ledger does not know")


def lives(home: Path, *point: str) -> int:
    """One life of worker and sender; its exit status."""
    done = subprocess.run([sys.executable, str(SCRIPT), str(home), *point], capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


@pytest.mark.parametrize("point", [pytest.param(one, marks=() if one in QUICK else pytest.mark.slow) for one in POINTS])
def test_a_kill_at_a_named_point_doubles_and_loses_nothing(
    point: str, flow: Callable[..., Flow], film: Callable[..., Dataset], dcmtk: str, tmp_path: Path
) -> None:
    with storescp(tmp_path / "pacs") as peer:
        made = flow(words(peer.port, KINDS, 0.0))
        home = made.context.settings.home
        uid = made.receive(film())
        assert lives(home, point) == -signal.SIGKILL
        assert lives(home) == 0
        rows = made.outgoing()
        assert sorted(row.kind for row in rows) == sorted(KINDS)
        assert {row.state for row in rows} == {"sent"}
        assert len({row.made_of for row in rows}) == 1
        assert sorted(set(peer.uids())) == sorted(row.sop_uid for row in rows)
        assert (made.exam(uid).state, [one.state for one in made.objects(uid)]) == ("done", ["read"])
        assert verify(home / "audit.jsonl") is None


@pytest.mark.slow
def test_random_kills_of_the_whole_node_lose_and_double_nothing(dcmtk: str, shared_data: Path, tmp_path: Path) -> None:
    pictures = sorted((shared_data / "fullsize").glob("*.png"))
    films = ((number * 2.5, as_dx(pictures[number % 24], patient=str(number))) for number in itertools.count())
    found = kill_test(tmp_path, films, 8, kinds=KINDS, seed=3, longest=8.0)
    assert found["acknowledged"] == found["exams"] > 0
    assert found["results"] == 2 * found["exams"]
    bad = ("acknowledged_lost", "exams_not_done", "results_not_made", "results_doubled", "missing_at_peer",
           "unknown_at_peer", "doubled_at_peer", "differing_at_peer", "audit_broken_at")  # fmt: skip
    assert {name: found[name] for name in bad if found[name]} == {}
    assert Home(tmp_path / "home").settled(int(found["exams"]))
