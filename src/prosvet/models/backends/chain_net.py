"""Two models as one: an encoder's tokens, projected, stand in a language model's prompt where pictures are named.

It imports torch: whoever uses it has asked for the extra before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from prosvet.core.errors import ModelError, NotFound
from prosvet.core.optional import require
from prosvet.models.backends.chain_eyes import CompactSight, SiglipSight, open_eyes
from prosvet.models.backends.chain_parts import PLACE, ChainFile, ProjectorShape
from prosvet.models.backends.chain_projectors import make_projector
from prosvet.models.backends.strict import load_strictly
from prosvet.models.vlm.card import Load

__all__ = ["ADAPTER", "EYES", "LANGUAGE", "PROJECTOR", "Chained", "open_folder", "open_language", "places_of"]

PROJECTOR, ADAPTER, LANGUAGE, EYES = "projector.safetensors", "adapter", "language", "eyes"


class Chained(nn.Module):
    """The encoder (frozen), the projector, the language model.

    Parameters
    ----------
    place : int
        Id of the token in whose stead a picture's tokens are read.
    """

    def __init__(self, eyes: CompactSight | SiglipSight, projector: nn.Module, language: Any, place: int) -> None:
        super().__init__()
        self.eyes, self.projector, self.language, self.place = eyes, projector, language, place

    @property
    def config(self) -> Any:
        """Of the language model."""
        return self.language.config

    @property
    def generation_config(self) -> Any:
        """Of the language model."""
        return self.language.generation_config

    @property
    def device(self) -> torch.device:
        """Where tokens are read."""
        return torch.device(self.language.device)

    @property
    def dtype(self) -> torch.dtype:
        """In which pictures are seen."""
        return next(self.projector.parameters()).dtype

    def read(self, pictures: Tensor | None, ids: Tensor) -> Tensor:
        """Embeddings (B, T, D) of tokens, with the pictures' own in their places, in order."""
        embedded: Tensor = self.language.get_input_embeddings()(ids)
        if pictures is None:
            return embedded
        seen: Tensor = self.projector(self.eyes.see(pictures)).to(embedded.dtype)
        places = (ids == self.place)[..., None].expand_as(embedded)
        return embedded.masked_scatter(places, seen.reshape(-1))

    def forward(self, pictures: Tensor, ids: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
        """The language model's loss over the answers."""
        out = self.language(inputs_embeds=self.read(pictures, ids), attention_mask=mask, labels=labels)
        loss: Tensor = out.loss
        return loss

    @torch.no_grad()
    def generate(
        self, input_ids: Tensor, attention_mask: Tensor, pictures: Tensor | None = None, **given: Any
    ) -> Tensor:
        """Prompts with their answers (B, T), as a language model of transformers gives them."""
        embedded = self.read(pictures, input_ids)
        made: Tensor = self.language.generate(
            input_ids=input_ids, inputs_embeds=embedded, attention_mask=attention_mask, **given
        )
        return made


def open_language(name: str, folder: Path, load: Load) -> tuple[Any, Any]:
    """A language model and its tokenizer, which knows the mark of a picture and never says it.

    Raises
    ------
    NotFound, VlmError
        When the folder holds no model, or not the tensors of its architecture.
    """
    if not (folder / "config.json").is_file():
        raise NotFound(kind="model", name=str(folder))
    transformers = require("transformers", "vlm")
    language = load_strictly(name, transformers.AutoModelForCausalLM, folder, load)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.add_tokens([PLACE], special_tokens=True)
    if len(tokenizer) > language.get_input_embeddings().num_embeddings:
        # The new row is never read, but it has its chance to be said: the same one at each loading.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            language.resize_token_embeddings(len(tokenizer))
    place = int(tokenizer.convert_tokens_to_ids(PLACE))
    kept = language.generation_config
    kept.suppress_tokens = sorted({*(kept.suppress_tokens or ()), place})
    kept.pad_token_id, kept.eos_token_id = tokenizer.pad_token_id, tokenizer.eos_token_id
    return language, tokenizer


def places_of(eyes: CompactSight | SiglipSight, shape: ProjectorShape) -> int:
    """How many tokens of a prompt one picture takes."""
    return shape.tokens if shape.kind == "resampler" else eyes.places


def open_folder(name: str, folder: Path, load: Load, threads: int) -> tuple[Chained, Any, int]:
    """A trained chain, its tokenizer, and how many places a picture takes.

    Raises
    ------
    ModelError
        When a part does not fit, or the compact encoder is not the one it was trained with.
    NotFound, VlmError
        When a model is missing or not whole.
    """
    told = ChainFile.read(name, folder)
    eyes = open_eyes(told.eyes, folder / EYES, threads)
    if isinstance(eyes, CompactSight) and eyes.sha256 != told.encoder_sha256:
        raise ModelError(name=name, reason="it was trained with another compact encoder")
    language, tokenizer = open_language(name, folder / LANGUAGE, load)
    projector = make_projector(told.projector, eyes.width, int(language.config.hidden_size))
    try:
        projector.load_state_dict(require("safetensors.torch", "vlm").load_file(str(folder / PROJECTOR)))
    except (OSError, RuntimeError) as error:
        raise ModelError(name=name, reason=f"{PROJECTOR}: {str(error).splitlines()[0]}") from None
    if (folder / ADAPTER).is_dir():
        language = require("peft", "vlm").PeftModel.from_pretrained(language, folder / ADAPTER, local_files_only=True)
    place = int(tokenizer.convert_tokens_to_ids(PLACE))
    model = Chained(eyes.to(language.device), projector.to(language.device), language, place)
    return model.requires_grad_(False).eval(), tokenizer, places_of(eyes, told.projector)
