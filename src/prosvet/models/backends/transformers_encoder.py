"""Encoders of transformers: SigLIP, SigLIP 2 (also NaFlex), CLIP, DINOv2, and what else has a picture tower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import VlmError
from prosvet.core.optional import require
from prosvet.models.backends.processors import picture_processor, tokenizer_of
from prosvet.models.backends.strict import load_strictly
from prosvet.models.encoder_card import EncoderCard
from prosvet.models.vlm.weights import verified_folder

__all__ = ["TransformersEncoder"]


class TransformersEncoder:
    """One encoder in memory."""

    def __init__(self, card: EncoderCard, model: Any, pictures: Any, words: Any) -> None:
        self._card, self._model, self._pictures, self._words = card, model, pictures, words

    @classmethod
    def open(cls, card: EncoderCard) -> TransformersEncoder:
        """Load the weights of a card strictly.

        Raises
        ------
        VlmError, ModelHashMismatch
        """
        folder = verified_folder(card.name, card.weights_folder, card.files)
        transformers = require("transformers", "vlm")
        kind = getattr(transformers, card.load.architecture or "AutoModel", None)
        if kind is None:
            raise VlmError(name=card.name, reason="unknown_architecture", architecture=card.load.architecture)
        pictures = picture_processor(card.name, folder, card.images.processor, dict(card.images.options))
        words = tokenizer_of(folder) if card.text else None
        if words is not None:
            words.padding_side = "right"
        return cls(card, load_strictly(card.name, kind, folder, card.load), pictures, words)

    def run(self, pictures: list[Any]) -> tuple[NDArray[np.float32], None]:
        """Vectors (N, D), not yet of length 1, of PIL pictures; it has no findings."""
        inputs = self._pictures(images=pictures, return_tensors="pt").to(self._model.device)
        inputs["pixel_values"] = inputs["pixel_values"].to(self._model.dtype)
        return self._called(lambda: self._pooled(inputs)), None

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (N, D), not yet of length 1, of texts."""
        if self._words is None:
            raise VlmError(name=self._card.name, reason="no_text_tower")
        worded = [self._card.text.replace("{text}", text) for text in texts]
        longest = self._model.config.text_config.max_position_embeddings
        # SigLIP was trained with every text filled up to its length; CLIP's mask makes filling harmless.
        inputs = self._words(worded, padding="max_length", truncation=True, max_length=longest, return_tensors="pt")
        given = {"input_ids": inputs["input_ids"].to(self._model.device)}
        if "siglip" not in self._model.config.model_type:
            given["attention_mask"] = inputs["attention_mask"].to(self._model.device)
        return self._called(lambda: _tensor(self._model.get_text_features(**given)))

    def _pooled(self, inputs: Any) -> Any:
        pooling = self._card.pooling
        if pooling == "features":
            return _tensor(self._model.get_image_features(**inputs))
        answer = getattr(self._model, "vision_model", self._model)(**inputs)
        if pooling == "pooler":
            return answer.pooler_output
        tokens = answer.last_hidden_state
        return tokens[:, 0] if pooling == "cls" else tokens.mean(dim=1)

    def _called(self, work: Any) -> NDArray[np.float32]:
        torch = require("torch", "vlm")
        try:
            with torch.inference_mode():
                found: NDArray[np.float32] = work().float().cpu().numpy()
        except (ValueError, RuntimeError, AttributeError, TypeError) as error:
            problem = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
            raise VlmError(name=self._card.name, reason="generation", problem=problem) from None
        return found


def _tensor(answer: Any) -> Any:
    """The vectors themselves: newer releases put them into an object."""
    return getattr(answer, "pooler_output", answer)
