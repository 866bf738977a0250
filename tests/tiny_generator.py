"""A small random generator, written by the real pack: its pictures show nothing, all else is as with trained ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

__all__ = ["install_generator", "write_generator"]


def write_generator(folder: Path) -> Path:
    """Write a pack (``cards/``, ``weights/``) of untrained networks below `folder`, its revision ``tiny``."""
    import torch

    from prosvet.training.data import SIDE, Films
    from prosvet.training.generator.coder import Coder, fit_components
    from prosvet.training.generator.pack import build_generator
    from prosvet.training.generator.transformer import Flow

    torch.manual_seed(7)
    net, flow = Coder().eval(), Flow().eval()
    fit_components(torch.randint(256, (8, SIDE, SIDE), dtype=torch.uint8), net)
    torch.nn.init.normal_(flow.leave.weight, std=0.05)
    random = np.random.default_rng(1)
    labels = ["normal"] * 40 + ["cardiomegaly"] * 40 + ["pneumonia"] * 120
    rows = [
        {"id": str(n), "source": "nih", "labels": label, "raw_label": label, "patient": str(n), "split": "train"}
        for n, label in enumerate(labels)
    ]
    pixels = random.integers(256, size=(len(rows) + 20, SIDE, SIDE), dtype=np.uint8)
    films, others = Films(pixels[: len(rows)], rows), pixels[len(rows) :]
    measures = random.normal(0, 0.5, (len(rows), 7)).astype(np.float32)
    measures[:, 0] = np.linspace(0.42, 0.6, len(rows))
    build_generator(films, others, measures, net, flow, folder, "tiny")
    return folder


def install_generator(pack: Path, home: Path) -> str:
    """Put the card with its weights below `home`; gives the generator's name."""
    (home / "models").mkdir(parents=True, exist_ok=True)
    shutil.copytree(pack / "weights", home / "weights", dirs_exist_ok=True)
    shutil.copy(pack / "cards" / "compact-generator.toml", home / "models" / "compact-generator.toml")
    return "compact-generator"
