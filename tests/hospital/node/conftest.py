"""A node of each test's own, on a free port, and what sends to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from hospital_node import Receiver
from node_callers import DEVICE, result, station
from node_callers import film as a_film
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


@pytest.fixture
def full(receiver: Callable[..., Receiver], tmp_path: Path, dcmtk: str) -> Receiver:
    """A node with three studies of two patients, one of them with a result."""
    one = receiver(DEVICE + station())
    sent = [
        a_film(tmp_path / "f", "2.25.701", 1),
        a_film(tmp_path / "f", "2.25.701", 2),
        a_film(tmp_path / "f", "2.25.702", 3, PatientName="Петров^Пётр", PatientID="МК-7", StudyDate="20250101"),
        a_film(tmp_path / "f", "2.25.703", 4, PatientName="Петрова^Анна", PatientID="МК-8", StudyDate="20240101"),
    ]
    assert [one.send(each) for each in sent] == [0] * 4
    result(one, sent[0])
    return one
