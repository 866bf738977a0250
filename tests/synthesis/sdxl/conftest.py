"""A tiny random SDXL pipeline with its card, in the archive of a test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prosvet.core.context import Context


@pytest.fixture(scope="session")
def sdxl_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pipeline, as its publisher would have saved it."""
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("diffusers", reason="diffusers is not installed")
    from tiny_sdxl import save_sdxl

    return save_sdxl(tmp_path_factory.mktemp("sdxl") / "base")


@pytest.fixture
def sdxl(sdxl_base: Path, own_home: Path, context: Context) -> Context:
    """A context whose archive has the pipeline as the generator ``tiny-sdxl``, 64 pixels."""
    from prosvet.synthesis.sdxl.card import card_text
    from tiny_sdxl import SIZE

    models = own_home / "models"
    models.mkdir(parents=True, exist_ok=True)
    shutil.copytree(sdxl_base, models / "tiny")
    text = card_text("tiny-sdxl", models / "tiny", size=SIZE, dtype="float32")
    (models / "tiny-sdxl.toml").write_text(text, encoding="utf-8")
    return context
