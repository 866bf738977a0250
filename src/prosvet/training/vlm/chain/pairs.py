"""Pictures with reports: both towers learn, by the sigmoid loss, which report was written for which study.

A study may be one picture, several views, or views with an earlier film: tokens of its pictures, each with the
embedding of its role, are pooled by one learned query, which starts as the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.optional import require
from prosvet.models.backends.chain_parts import ROLES, Role
from prosvet.models.backends.strict import load_strictly
from prosvet.models.vlm.card import Load
from prosvet.training.vlm.chain.listing import Sample, read_listing
from prosvet.training.vlm.chain.loop import once, run_loop
from prosvet.training.vlm.chain.recipe import Pairs, digest

__all__ = ["Study", "sigmoid_loss", "train_pairs", "viewed"]


class Study(nn.Module):
    """SigLIP's towers over studies of one or several pictures."""

    def __init__(self, model: Any, processor: Any, tokenizer: Any, longest: int) -> None:
        super().__init__()
        self.model, self._processor, self._tokenizer, self._longest = model, processor, tokenizer, longest
        width = int(model.config.vision_config.hidden_size)
        self.role = nn.Embedding(len(ROLES), width)
        self.weigh = nn.Linear(width, 1)
        nn.init.zeros_(self.role.weight)
        nn.init.zeros_(self.weigh.weight)

    def batch(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        """Pictures of all studies in a row (N, C, S, S), their roles and owners (N,), and the texts' ids (B, T)."""
        pictures = [picture for sample in samples for picture in sample.pictures]
        roles = [ROLES.index(role) for sample in samples for role in sample.roles]
        owners = [n for n, sample in enumerate(samples) for _ in sample.pictures]
        # SigLIP was trained with padding to a fixed length, and reads its padding.
        texts = self._tokenizer(
            [sample.text for sample in samples],
            padding="max_length", truncation=True, max_length=self._longest, return_tensors="pt",
        )  # fmt: skip
        prepared = self._processor(images=pictures, return_tensors="pt")["pixel_values"]
        return {"pictures": prepared, "roles": torch.tensor(roles), "owners": torch.tensor(owners),
                "ids": texts["input_ids"]}  # fmt: skip

    def towers(self, pictures: Tensor, roles: Tensor, owners: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors of studies and of texts, each (B, D)."""
        seen = self.model.vision_model(pixel_values=pictures).pooler_output + self.role(roles)
        mine = owners[None, :] == torch.arange(len(ids), device=owners.device)[:, None]
        weights = self.weigh(seen)[:, 0].expand(len(ids), -1).masked_fill(~mine, float("-inf")).softmax(1)
        texts = self.model.text_model(input_ids=ids).pooler_output
        return F.normalize(weights @ seen, dim=1), F.normalize(texts, dim=1)

    def forward(self, pictures: Tensor, roles: Tensor, owners: Tensor, ids: Tensor) -> Tensor:
        """The sigmoid loss of a batch."""
        studies, texts = self.towers(pictures, roles, owners, ids)
        return sigmoid_loss(studies, texts, ids, self.model.logit_scale, self.model.logit_bias)


def sigmoid_loss(studies: Tensor, texts: Tensor, ids: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """Each pair is judged by itself: does this text belong to this study?

    Two studies with the very same text are not told to be strangers: normal reports repeat.
    """
    logits = studies @ texts.T * scale.exp() + bias
    same = (ids[:, None, :] == ids[None, :, :]).all(-1)
    signs = torch.where(same, 1.0, -1.0)
    kept = ~same | torch.eye(len(ids), dtype=torch.bool, device=ids.device)
    return -(F.logsigmoid(signs * logits) * kept).sum() / len(ids)


def viewed(sample: Sample, views: str, most: int) -> Sample:
    """What a recipe lets be seen of a study: one picture, its own views, or these with a prior.

    Examples
    --------
    >>> from PIL import Image
    >>> film = Image.new("RGB", (8, 8))
    >>> viewed(Sample((film, film), ("prior", "frontal"), "Clear."), "single", 4).roles
    ('frontal',)
    """
    chosen = [n for n, role in enumerate(sample.roles) if views == "prior" or role != "prior"]
    # A study of which nothing is left but a prior is seen as what it is: better than no picture.
    chosen = (chosen or [0])[: 1 if views == "single" else most]
    roles: tuple[Role, ...] = tuple(sample.roles[n] for n in chosen)
    return Sample(tuple(sample.pictures[n] for n in chosen), roles, sample.text)


def train_pairs(recipe: Pairs, out: Path, context: Context) -> list[float]:
    """Train on the listing's ``train`` part; towers and the pooling of views are written to ``out/encoder``.

    With several processes each judges the pairs of its own batch.

    Raises
    ------
    NotFound, InvalidRecord, TuningError, VlmError
        For the data or the encoder of the recipe.
    """
    if not (recipe.encoder / "config.json").is_file():
        raise NotFound(kind="model", name=str(recipe.encoder))
    transformers = require("transformers", "vlm")
    towers = load_strictly(recipe.encoder.name, transformers.SiglipModel, recipe.encoder, Load(device="cpu"))
    processor = transformers.SiglipImageProcessorPil.from_pretrained(recipe.encoder, local_files_only=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(recipe.encoder, local_files_only=True)
    model = Study(towers.requires_grad_(True), processor, tokenizer, recipe.longest)
    samples = read_listing(recipe.data, "train", context.settings)

    def draw(generator: torch.Generator) -> dict[str, Tensor]:
        order = torch.randperm(len(samples), generator=generator)[: recipe.loop.batch].tolist()
        return model.batch([viewed(samples[index], recipe.views, recipe.most) for index in order])

    losses = run_loop(model, draw, recipe.loop, out, digest(recipe, recipe.encoder, recipe.data))
    once(lambda: _keep(model, processor, tokenizer, out / "encoder"))
    return losses


def _keep(model: Study, processor: Any, tokenizer: Any, folder: Path) -> None:
    for part in (model.model, processor, tokenizer):
        part.save_pretrained(folder)
    pooling = {name: tensor for name, tensor in model.state_dict().items() if not name.startswith("model.")}
    require("safetensors.torch", "vlm").save_file(pooling, str(folder / "views.safetensors"))
