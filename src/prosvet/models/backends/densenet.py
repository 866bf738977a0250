"""DenseNet-121 with one grey channel, as torchxrayvision lays its tensors out; written here: it needs no package.

Huang et al., Densely Connected Convolutional Networks, CVPR 2017: growth 32, blocks of 6, 12, 24 and 16 layers.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import VlmError
from prosvet.core.optional import require
from prosvet.models.backends.strict import device_of, refuse_differences
from prosvet.models.encoder_card import EncoderCard
from prosvet.models.vlm.weights import verified_folder

__all__ = ["SIDE", "DenseNet", "densenet121"]

SIDE = 224
"""Pixels at which its publisher trained."""
_GROWTH, _BLOCKS, _FIRST, _WIDE = 32, (6, 12, 24, 16), 64, 4
_SCALE = 1024.0  # of its inputs: -1024 for black to 1024 for white
_FORGOTTEN = ("op_threshs",)  # thresholds that the file may carry; ours are chosen on our own films


def densenet121(outputs: int, blocks: tuple[int, ...] = _BLOCKS) -> Any:
    """The network: ``features`` and ``classifier``, named as its published tensors are."""
    nn = require("torch", "vlm").nn
    layers: OrderedDict[str, Any] = OrderedDict(
        conv0=nn.Conv2d(1, _FIRST, 7, stride=2, padding=3, bias=False), norm0=nn.BatchNorm2d(_FIRST),
        relu0=nn.ReLU(), pool0=nn.MaxPool2d(3, stride=2, padding=1),
    )  # fmt: skip
    width = _FIRST
    for number, count in enumerate(blocks, start=1):
        layers[f"denseblock{number}"] = _block(width, count)
        width += count * _GROWTH
        if number < len(blocks):
            layers[f"transition{number}"] = nn.Sequential(OrderedDict(
                norm=nn.BatchNorm2d(width), relu=nn.ReLU(), conv=nn.Conv2d(width, width // 2, 1, bias=False),
                pool=nn.AvgPool2d(2, stride=2),
            ))  # fmt: skip
            width //= 2
    layers["norm5"] = nn.BatchNorm2d(width)
    made = nn.Module()
    made.features, made.classifier = nn.Sequential(layers), nn.Linear(width, outputs)
    return made


def _block(width: int, count: int) -> Any:
    torch = require("torch", "vlm")
    nn = torch.nn

    class Layer(nn.Module):  # type: ignore[misc, name-defined]
        """One layer: its input and what it adds to it."""

        def __init__(self, width: int) -> None:
            super().__init__()
            self.norm1, self.relu1 = nn.BatchNorm2d(width), nn.ReLU()
            self.conv1 = nn.Conv2d(width, _WIDE * _GROWTH, 1, bias=False)
            self.norm2, self.relu2 = nn.BatchNorm2d(_WIDE * _GROWTH), nn.ReLU()
            self.conv2 = nn.Conv2d(_WIDE * _GROWTH, _GROWTH, 3, padding=1, bias=False)

        def forward(self, given: Any) -> Any:
            inner = self.conv1(self.relu1(self.norm1(given)))
            return torch.cat([given, self.conv2(self.relu2(self.norm2(inner)))], dim=1)

    layers = ((f"denselayer{n + 1}", Layer(width + n * _GROWTH)) for n in range(count))
    return nn.Sequential(OrderedDict(layers))


class DenseNet:
    """Findings and a vector of 1,024 numbers."""

    def __init__(self, card: EncoderCard, network: Any, device: str) -> None:
        self._card, self._network, self._device = card, network, device

    @classmethod
    def open(cls, card: EncoderCard) -> DenseNet:
        """Load the one file of weights of a card: safetensors, or a state dict that torch reads without code.

        Raises
        ------
        VlmError, ModelHashMismatch
        """
        torch = require("torch", "vlm")
        folder = verified_folder(card.name, card.weights_folder, card.files)
        tensors = _tensors(card.name, folder, torch)
        network = densenet121(len(card.labels))
        wanted, found = network.state_dict(), {k: v for k, v in tensors.items() if k not in _FORGOTTEN}
        refuse_differences(card.name, {
            "missing_keys": set(wanted) - set(found), "unexpected_keys": set(found) - set(wanted),
            "mismatched_keys": {k for k in set(wanted) & set(found) if wanted[k].shape != found[k].shape},
        }, card.load.allowed_missing)  # fmt: skip
        network.load_state_dict(found)
        device = device_of(card.name, card.load)
        return cls(card, network.eval().to(device), device)

    def run(self, pictures: list[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Vectors (N, 1024), not yet of length 1, and probabilities (N, K) of PIL pictures."""
        torch = require("torch", "vlm")
        squares = np.stack([_square(picture) for picture in pictures])[:, None]
        with torch.inference_mode():
            planes = torch.relu(self._network.features(torch.from_numpy(squares).to(self._device)))
            vectors = planes.mean(dim=(2, 3))
            scores = torch.sigmoid(self._network.classifier(vectors))
        return vectors.cpu().numpy(), scores.cpu().numpy()


def _square(picture: Any) -> NDArray[np.float32]:
    """The middle square, as its publisher cut it, -1024..1024."""
    grey, side = picture.convert("L"), min(picture.size)
    left, top = (grey.width - side) // 2, (grey.height - side) // 2
    cut = grey.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), reducing_gap=3.0)
    return ((np.asarray(cut, dtype=np.float32) / 255 * 2 - 1) * _SCALE).astype(np.float32)


def _tensors(name: str, folder: Path, torch: Any) -> dict[str, Any]:
    files = [path for path in sorted(folder.iterdir()) if path.suffix in (".safetensors", ".pt", ".pth", ".bin")]
    if len(files) != 1:
        raise VlmError(name=name, reason="generation", problem=f"{len(files)} files of weights, one is needed")
    if files[0].suffix == ".safetensors":
        tensors: dict[str, Any] = require("safetensors.torch", "vlm").load_file(files[0])
        return tensors
    found = torch.load(files[0], map_location="cpu", weights_only=True)
    found = found.get("state_dict", found)
    return {key.removeprefix("module."): value for key, value in found.items()}
