"""The door: a card's name in, a reader out."""

from __future__ import annotations

from pathlib import Path

from prosvet.core.context import Context
from prosvet.core.errors import VlmError
from prosvet.core.registry import Registry
from prosvet.models.card import cards, load_task_card
from prosvet.models.vlm.card import VlmCard
from prosvet.models.vlm.types import Reader

__all__ = ["BACKENDS", "load_vlm_card", "open_reader", "readers"]

BACKENDS = Registry(
    "vlm backend",
    {
        "transformers": "prosvet.models.backends.transformers_vlm:TransformersReader",
        "openai": "prosvet.models.backends.openai_vlm:OpenAIReader",
        "http": "prosvet.models.backends.http_vlm:HttpReader",
        "chained": "prosvet.models.backends.chained:ChainedReader",
        "onnx": "prosvet.models.backends.tiny_vlm:TinyReader",
    },
)


def readers(home: Path | None = None) -> dict[str, Path]:
    """Names of all cards of vision-language models, shipped and of this archive, with their files."""
    return cards(home, task="vlm")


def load_vlm_card(name: str, home: Path | None = None) -> VlmCard:
    """Read and check the card of a vision-language model.

    Raises
    ------
    ModelNotFound, ModelError
    """
    return load_task_card(name, VlmCard, "vlm", home)


def open_reader(name: str, context: Context, *, remote_code: bool = False) -> Reader:
    """The model `name`, ready to be asked; whoever opens it closes it.

    Parameters
    ----------
    remote_code : bool
        Let code that came with the weights run; the setting ``remote_code`` says the same for one
        card. The card must carry its word for it as well, and it is written to the audit log.

    Raises
    ------
    ModelNotFound
        When there is no such card.
    VlmError
        When the card has no pinned revision, its weights are not here or not those it describes, or it asks for what
        was not allowed.
    MissingExtra
        When the packages that run it are not installed.
    """
    card = load_vlm_card(name, context.settings.home)
    if not card.revision:
        raise VlmError(name=name, reason="no_revision")
    allowed = remote_code or context.settings.remote_code == name
    reader: Reader = BACKENDS[card.backend].open(card, context, remote_code=allowed)
    return reader
