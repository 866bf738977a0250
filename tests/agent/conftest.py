"""A context of this folder's own, so that the reading model is loaded once, and a real film."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prosvet.core.context import Context
from prosvet.core.settings import load_settings


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A context whose model stays loaded from test to test; its archive is empty."""
    home = tmp_path_factory.mktemp("agent") / "archive"
    with Context(load_settings({}, home=home, lang="en", threads=1)) as made:
        yield made


@pytest.fixture
def film(shared_data: Path) -> Path:
    """A frontal film with a pneumonia on the right that the compact pack finds."""
    return shared_data / "fullsize" / "cxr18995.png"
