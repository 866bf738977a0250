"""One tiny model of the real architecture, one made folder and one finished run for all tests of tuning."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.training.vlm.recipe import Recipe
from vlm_folders import made_multicare, recipe_dict


@dataclass(frozen=True)
class Workshop:
    """Where the model and the data lie, and how to ask for a recipe over them."""

    root: Path
    model: Path
    data: Path
    context: Context

    def recipe(self, *, steps: dict[str, Any] | None = None, **parts: Any) -> Recipe:
        body = recipe_dict(self.model, self.data, **(steps or {}))
        for name, part in parts.items():
            body[name] = body.get(name, {}) | part if isinstance(part, dict) else part
        return Recipe.model_validate(body)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    from tiny_models import save_idefics3

    root = tmp_path_factory.mktemp("tuning")
    with Context(load_settings({}, home=root / "home")) as context:
        yield Workshop(root, save_idefics3(root / "model"), made_multicare(root / "data"), context)


@pytest.fixture(scope="session")
def finished(workshop: Workshop) -> tuple[Recipe, Path, Any]:
    """A run of 20 steps that nothing disturbed: its recipe, its folder and what came of it."""
    from prosvet.training.vlm.run import train

    recipe, out = workshop.recipe(), workshop.root / "finished"
    return recipe, out, train(recipe, out, workshop.context)
