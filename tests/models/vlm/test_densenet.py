"""DenseNet-121 written here: the same numbers as another implementation's, and a strict reading of its file."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prosvet.core.errors import VlmError
from prosvet.imaging.film import Film
from prosvet.language.vocabulary import vocabulary
from prosvet.models.backends.densenet import densenet121
from prosvet.models.encode import Encoder, encoders, load_encoder_card
from prosvet.models.vlm.weights import described

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")


def film(seed: int) -> Film:
    pixels = np.random.default_rng(seed).normal(size=(300, 260)).astype(np.float32)
    return Film(pixels, f"{seed}.png", "0", "png")


def opened(folder: Path, change: Callable[[dict[str, Any]], None] = lambda tensors: None) -> Encoder:
    """An encoder of the shipped card with random weights, saved as its publisher saves them."""
    import torch

    torch.manual_seed(0)
    card = load_encoder_card("xrv-densenet121")
    tensors = densenet121(len(card.labels)).state_dict() | {"op_threshs": torch.zeros(18)}
    change(tensors)
    folder.mkdir()
    torch.save(tensors, folder / "weights.pt")
    return Encoder(card.model_copy(update={"weights": str(folder), "revision": "r1", "files": described(folder)}))


def test_vectors_and_findings_by_our_concepts(tmp_path: Path) -> None:
    vectors, scores = opened(tmp_path / "w").films([film(1), film(2)])
    assert vectors.shape == (2, 1024) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert len(scores[0]) == 18 and set(scores[0]) <= set(vocabulary().concepts)
    assert all(0 < value < 1 for value in scores[0].values()) and scores[0] != scores[1]


def _drop(tensors: dict[str, Any]) -> None:
    del tensors["features.denseblock4.denselayer16.conv2.weight"]


def _add(tensors: dict[str, Any]) -> None:
    tensors["features.more.weight"] = tensors["classifier.bias"]


def _narrow(tensors: dict[str, Any]) -> None:
    tensors["classifier.bias"] = tensors["classifier.bias"][:14]


@pytest.mark.parametrize(
    ("change", "said"), [(_drop, "missing .*denselayer16"), (_add, "unexpected .*more"), (_narrow, "classifier.bias")]
)
def test_tensors_that_do_not_fit_are_refused(
    change: Callable[[dict[str, Any]], None], said: str, tmp_path: Path
) -> None:
    with pytest.raises(VlmError, match=said):
        opened(tmp_path / "w", change).films([film(1)])


@pytest.mark.skipif(find_spec("monai") is None, reason="monai is not installed")
def test_the_same_numbers_as_another_implementation() -> None:
    import torch
    from monai.networks.nets import DenseNet121

    torch.manual_seed(1)
    theirs, ours = DenseNet121(spatial_dims=2, in_channels=1, out_channels=18).eval(), densenet121(18).eval()
    ours.load_state_dict({
        key.replace(".layers.", ".").replace("class_layers.out", "classifier"): value
        for key, value in theirs.state_dict().items()
    })  # fmt: skip
    given = torch.randn(2, 1, 224, 224)
    with torch.inference_mode():
        planes = torch.relu(ours.features(given)).mean(dim=(2, 3))
        assert torch.allclose(ours.classifier(planes), theirs(given), atol=1e-4)


@pytest.mark.parametrize("name", sorted(encoders()))
def test_shipped_cards_pin_nothing_that_is_not_known(name: str) -> None:
    card = load_encoder_card(name)
    assert (card.revision, card.files, card.weights) == ("", {}, "")
    assert len(card.limits["ru"]) == len(card.limits["en"]) > 0
    with pytest.raises(VlmError, match="no pinned revision"):
        Encoder(card)
