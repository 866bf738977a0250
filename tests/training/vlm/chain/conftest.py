"""Small films in a listing, and tiny random models that are loaded by the real way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.tiny_models import causal_tokenizer, save_llama, save_siglip

TEXTS = ("Справа определяется плевральный выпот.", "Лёгкие без очаговых теней.", "The heart is enlarged.")


def film(seed: int) -> Image.Image:
    """A bright patch on noise, in a corner of its own for each text."""
    pixels = np.random.default_rng(seed).normal(90, 12, (96, 96))
    row, column = ((8, 8), (8, 56), (56, 30))[seed % 3]
    pixels[row : row + 32, column : column + 32] += 110
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve studies to learn from and three to look at; every other one has a second view and a prior."""
    folder = tmp_path_factory.mktemp("listing")
    lines = []
    for n in range(15):
        names, roles = [f"{n}.png"], ["frontal"]
        if n % 2:
            names, roles = [*names, f"{n}-side.png", f"{n}-prior.png"], ["frontal", "lateral", "prior"]
        for name in names:
            film(n).save(folder / name)
        part = "train" if n < 12 else "dev"
        lines.append({"images": names, "roles": roles, "text": TEXTS[n % 3], "patient": str(n), "part": part})
    path = folder / "studies.jsonl"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_siglip(tmp_path_factory.mktemp("siglip"))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text encoder alone."""
    import torch
    from transformers import BertConfig, BertModel

    folder, words = tmp_path_factory.mktemp("bert"), causal_tokenizer()
    words.padding_side = "right"
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=256, pad_token_id=words.pad_token_id,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
