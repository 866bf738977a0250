"""A node of each test's own, on a free port, and what sends to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from hospital_node import Receiver
from prosvet.core.context import Context


@pytest.fixture
def receiver(context: Context) -> Iterator[Callable[..., Receiver]]:
    """Start a node over the test's home: ``receiver(idle_timeout=1.0)``; stopped at the end."""
    pytest.importorskip("pynetdicom", reason="pynetdicom is not installed")
    started: list[Receiver] = []

    def start(words: str = "", **node: object) -> Receiver:
        started.append(Receiver(context, words, **node))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def film(pydicom_data: Path) -> Dataset:
    """A real secondary capture of 100 x 100 pixels; its class is one that chest films come in."""
    return dcmread(pydicom_data / "SC_rgb.dcm")


@pytest.fixture
def dcmtk() -> str:
    """The folder of dcmtk's programs."""
    found = shutil.which("storescu")
    if found is None:
        pytest.skip("dcmtk is not installed")
    return str(Path(found).parent)
