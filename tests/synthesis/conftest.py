"""The small random generator of :mod:`tests.tiny_generator`, among the models of a test's archive."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.tiny_generator import install_generator, write_generator

from prosvet.core.context import Context


@pytest.fixture(scope="session")
def tiny_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its pack (``cards/``, ``weights/``)."""
    pytest.importorskip("torch", reason="torch is not installed")
    return write_generator(tmp_path_factory.mktemp("generator"))


@pytest.fixture
def tiny_generator(tiny_pack: Path, own_home: Path) -> str:
    """The name of that generator, whose card lies among the models of this test's archive."""
    return install_generator(tiny_pack, own_home)


@pytest.fixture
def lit(context: Context, tiny_generator: str) -> Context:
    """A context whose archive has the generator."""
    return context
