"""A tiny SDXL pipeline, a few films with cleaned rows, and a recipe for them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RECIPE = """
name = "tiny-opacity"
model = "{model}"

[data]
kind = "single"
trigger = "Lung opacity."
findings = ["Opacity"]
most_findings = 3
without = ["granuloma", "catheter"]
size = 64

[lora]
rank = 4
alpha = 8

[steps]
lr = 2e-2
batch = 2
accumulate = 2
most = {most}
checkpoint_every = {every}
gradient_checkpointing = true
"""


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pipeline, saved before any adapter is."""
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("diffusers", reason="diffusers is not installed")
    from tiny_sdxl import save_sdxl

    return save_sdxl(tmp_path_factory.mktemp("sdxl") / "base")


def row(number: int, *codes: str, diagnoses: int | None = None) -> dict[str, object]:
    """A row as ``prosvet clean`` writes it."""
    normal = codes == ("normal",)
    named = [code.split("/")[0] for code in codes][:diagnoses]
    prompt = f"Chest x-ray. {', '.join(named)}. " + ("Lungs are clear. " * (1 + number % 3) if normal else "Opacity.")
    return {
        "report": str(number), "film": f"{number}_IM-0001-4001.dcm.png", "view_told_by": "table", "normal": normal,
        "subset": "", "codes": list(codes), "diagnoses": named, "prompt": prompt.strip(), "findings": "",
        "impression": "", "edits": [],
    }  # fmt: skip


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows and films: three opacities that stay, three that do not, five normals."""
    folder = tmp_path_factory.mktemp("data")
    rows = [
        row(1, "Opacity/lung/base/left"), row(2, "Opacity/lung"), row(3, "Opacity/lung", "Cardiomegaly/mild"),
        row(4, "Opacity/lung", "Calcified Granuloma/lung"), row(5, "Cardiomegaly"),
        row(6, "Opacity", "Cardiomegaly", "Aorta/tortuous", "Hernia, Hiatal"),
        *(row(n, "normal") for n in range(7, 12)),
    ]  # fmt: skip
    (folder / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    (folder / "images").mkdir()
    random = np.random.default_rng(1)
    for one in rows:
        shade = np.linspace(30, 220, 80)[:, None] + random.normal(0, 8, (80, 100))
        Image.fromarray(np.clip(shade, 0, 255).astype(np.uint8)).save(folder / "images" / str(one["film"]))
    return folder


def write_recipe(folder: Path, base: Path, *, most: int = 20, every: int = 10) -> Path:
    """The recipe in a file."""
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(model=base, most=most, every=every), encoding="utf-8")
    return path
