"""Trained chains behind the door: an encoder, a projector and a language model in one folder, asked like any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest
from prosvet.core.optional import require
from prosvet.models.backends.chain_parts import PLACE, ids_of, own_role, worded
from prosvet.models.backends.transformers_vlm import TransformersReader
from prosvet.models.vlm.card import VlmCard
from prosvet.models.vlm.form import form_words
from prosvet.models.vlm.types import Question
from prosvet.models.vlm.weights import verified_folder

__all__ = ["ChainedReader"]


class _Processor:
    """Prompts and pictures as the chain reads them; called as processors of transformers are."""

    image_token = PLACE
    chat_template = None

    def __init__(self, tokenizer: Any, eyes: Any, places: int) -> None:
        self.tokenizer, self._eyes, self._places = tokenizer, eyes, places

    def __call__(self, *, text: Sequence[str], images: Sequence[Sequence[Image.Image]] = (), **_: Any) -> Any:
        torch = require("torch", "vlm")
        rows = [ids_of(self.tokenizer, prompt, self._places) for prompt in text]
        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self.tokenizer.pad_token_id)
        mask = torch.zeros_like(ids)
        for n, row in enumerate(rows):
            ids[n, width - len(row) :] = torch.tensor(row)
            mask[n, width - len(row) :] = 1
        given = {"input_ids": ids, "attention_mask": mask}
        pictures = [picture for one in images for picture in one]
        if pictures:
            given["pictures"] = self._eyes.prepare(pictures)
        return require("transformers", "vlm").BatchFeature(given)


class ChainedReader(TransformersReader):
    """A chain in memory. It was trained on pictures and one instruction; earlier turns are refused."""

    def __init__(self, card: VlmCard, model: Any, processor: Any) -> None:
        super().__init__(card, model, processor)
        self._reserved.append(PLACE)

    @classmethod
    def open(cls, card: VlmCard, context: Context, *, remote_code: bool = False) -> Self:
        """Load a chain's folder, after every file was held against its hash; no code that came with it ever runs.

        Raises
        ------
        VlmError, ModelError, ModelHashMismatch, MissingExtra
        """
        for package in ("torch", "transformers", "peft"):
            require(package, "vlm")
        from prosvet.models.backends.chain_net import open_folder

        folder = verified_folder(card.name, card.weights_folder, card.files)
        model, tokenizer, places = open_folder(card.name, folder, card.load, context.settings.threads)
        return cls(card, model, _Processor(tokenizer, model.eyes, places))

    def _prompt(self, question: Question, constrained: str) -> str:
        """The words of training: a line a picture with its role, then what is asked."""
        self._refuse_marks(question)
        if question.history:
            raise InvalidRequest(name="history", reason="the model's card has no place for them")
        suffix = form_words(question) if question.schema is not None or constrained == "retry" else ""
        return worded([own_role(picture.role) for picture in question.pictures], question.prompt + suffix)
