"""The visual encoders that a language model can be given: the shipped compact one, or a SigLIP; both frozen.

It imports torch: whoever uses it has asked for the extra before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from prosvet.core.errors import InvalidSettings, NotFound
from prosvet.core.optional import require
from prosvet.imaging.film import Film
from prosvet.models.backends.chain_parts import EyesKind
from prosvet.models.backends.onnx import open_session
from prosvet.models.backends.strict import load_strictly
from prosvet.models.card import load_card, verified_path
from prosvet.models.prepare import prepare
from prosvet.models.vlm.card import Load

__all__ = ["CompactSight", "Sight", "SiglipSight", "open_eyes"]


class Sight(Protocol):
    """Pictures in, tokens out, in two steps: what the processor does, and what the network on the device does."""

    width: int
    places: int

    def prepare(self, pictures: Sequence[Image.Image]) -> Tensor:
        """What the network is given, pictures first."""
        ...

    def see(self, prepared: Tensor) -> Tensor:
        """Tokens (N, places, width)."""
        ...


class CompactSight(nn.Module):
    """The shipped encoder: for each place of its maps, the findings' logits there beside the film's vector."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        card = load_card("compact")
        self.sha256 = card.files["encoder"].sha256
        self._size = card.input.size
        self._session: Any = open_session(verified_path(card, "encoder"), threads)
        self.places, self.width = (self._size // 32) ** 2, len(card.labels) + 512

    def prepare(self, pictures: Sequence[Image.Image]) -> Tensor:
        squares = []
        for picture in pictures:
            grey = np.asarray(picture.convert("L"), dtype=np.float32)
            squares.append(prepare(Film(grey, "film", "", "picture")).square(self._size)[0])
        _, maps, vectors = self._session.run(None, {"image": np.stack(squares)[:, None].astype(np.float32)})
        spots = maps.reshape(len(maps), maps.shape[1], -1).transpose(0, 2, 1)
        whole = np.repeat(vectors[:, None, :], spots.shape[1], axis=1)
        return torch.from_numpy(np.concatenate([spots, whole], axis=2).astype(np.float32))

    def see(self, prepared: Tensor) -> Tensor:
        return prepared


class SiglipSight(nn.Module):
    """The patches of a SigLIP's vision tower."""

    def __init__(self, tower: Any, processor: Any) -> None:
        super().__init__()
        self.tower = tower.requires_grad_(False).eval()
        self._processor = processor
        config = tower.config
        self.places, self.width = (config.image_size // config.patch_size) ** 2, int(config.hidden_size)

    def train(self, mode: bool = True) -> SiglipSight:
        """It never trains."""
        return self

    def prepare(self, pictures: Sequence[Image.Image]) -> Tensor:
        made: Tensor = self._processor(images=list(pictures), return_tensors="pt")["pixel_values"]
        return made

    @torch.no_grad()
    def see(self, prepared: Tensor) -> Tensor:
        seen: Tensor = self.tower(pixel_values=prepared).last_hidden_state
        return seen


def open_eyes(kind: EyesKind, path: Path | None, threads: int) -> CompactSight | SiglipSight:
    """An encoder by its kind, frozen.

    Parameters
    ----------
    path : Path or None
        Folder of a SigLIP.

    Raises
    ------
    InvalidSettings
        When a SigLIP was named without its folder.
    NotFound
        When the folder holds no model.
    VlmError
        When its tensors are not those of the architecture.
    """
    if kind == "compact":
        return CompactSight(threads)
    if path is None:
        raise InvalidSettings(name="eyes.path", reason="siglip needs a folder")
    if not (path / "config.json").is_file():
        raise NotFound(kind="model", name=str(path))
    transformers = require("transformers", "vlm")
    model = load_strictly(path.name, transformers.SiglipModel, path, Load(device="cpu"))
    processor = transformers.SiglipImageProcessorPil.from_pretrained(path, local_files_only=True)
    return SiglipSight(model.vision_model, processor)
