"""kill -9 at random moments: what was acknowledged is there, whole. ``benchmarks/node.py kill`` does it 200 times."""

from __future__ import annotations

from pathlib import Path

import pytest

from node_lives import kill_test
from prosvet.core.audit import verify


def _kill(pydicom_data: Path, place: Path, kills: int) -> None:
    film, small = pydicom_data / "RG1_UNCR.dcm", pydicom_data / "SC_rgb.dcm"
    found = kill_test(place, kills, senders=3, seed=1, film=film, small=small, longest=1.0)
    assert found["acknowledged"] > 0
    assert (found["lost"], found["of_other_content"], found["damaged"]) == (0, 0, 0)
    assert found["kept"] >= found["acknowledged"]
    assert verify(place / "home" / "audit.jsonl") is None


def test_nothing_acknowledged_is_lost_by_a_kill(pydicom_data: Path, tmp_path: Path) -> None:
    _kill(pydicom_data, tmp_path, 4)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_by_many_kills(pydicom_data: Path, tmp_path: Path) -> None:
    _kill(pydicom_data, tmp_path, 40)
