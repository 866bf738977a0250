"""Pictures that were kept are not made again, and what decides them decides the file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.tiny_generator import install_generator, write_generator

from prosvet.core.context import Context
from prosvet.core.errors import ModelError
from prosvet.evaluation.synthesis.making import made
from prosvet.evaluation.synthesis.plan import findings_plan
from prosvet.synthesis.card import load_generator_card
from prosvet.synthesis.loaded import Loaded


def test_a_run_that_was_stopped_goes_on_from_what_was_kept(context: Context, own_home: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    name = install_generator(write_generator(tmp_path / "pack"), own_home)
    card, plan = load_generator_card(name, own_home), findings_plan({"pneumonia": ""}, 2, seed=4)
    first = made(plan, card, 2, 3.0, tmp_path / "kept", context)
    assert first.shape == (4, 256, 256)
    assert first.std() > 0
    shutil.rmtree(own_home / "weights")
    context.get(Loaded).free()
    assert (made(plan, card, 2, 3.0, tmp_path / "kept", context) == first).all()
    with pytest.raises(ModelError):
        made([replace(plan[0], seed=99)], card, 2, 3.0, tmp_path / "kept", context)
