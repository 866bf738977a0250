"""A real reading, wrapped films, and the programs that judge objects."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.hospital.objects import Results, machine_results
from prosvet.imaging import load_film
from prosvet.reading.api import read_film


def _tool(name: str, package: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{package} is not installed")


@pytest.fixture
def dciodvfy() -> None:
    """Asks for ``dciodvfy``."""
    _tool("dciodvfy", "dciodvfy")


@pytest.fixture
def dcmtk() -> None:
    """Asks for ``dsrdump`` and its like."""
    _tool("dsrdump", "dcmtk")


@pytest.fixture
def ramp() -> NDArray[np.float32]:
    """Pixels 64 high and 48 wide, 0..1."""
    return np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(64, 48)


@pytest.fixture(scope="session")
def real(pydicom_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    """A full-size film and what the model says of it."""
    path = pydicom_data / "RG1_UNCR.dcm"
    settings = load_settings({}, home=tmp_path_factory.mktemp("home"), threads=1)
    with Context(settings) as context:
        reading, examination = read_film(load_film(path, settings), context, "ru")
    return path, machine_results(reading, examination, "ru")
