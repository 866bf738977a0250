"""A ledger of each test's own, real films wrapped as DX, and dcmtk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from flow_support import Flow
from hospital_films import as_dx
from prosvet.core.context import Context


@pytest.fixture
def flow(context: Context) -> Callable[..., Flow]:
    """``flow(words)`` with the words of ``hospital.toml``."""
    for name in ("pynetdicom", "highdicom"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    return lambda words="": Flow(context, words)


@pytest.fixture
def film(shared_data: Path) -> Callable[..., Dataset]:
    """``film(number)``: one of 24 real full-size chest X-rays as a device sends it."""
    pictures = sorted((shared_data / "fullsize").glob("*.png"))
    return lambda number=0, **more: as_dx(pictures[number], **more)


@pytest.fixture
def dcmtk() -> str:
    """The folder of dcmtk's programs."""
    found = shutil.which("storescp")
    if found is None:
        pytest.skip("dcmtk is not installed")
    return str(Path(found).parent)
