"""The vision-language models and planners that a page may offer: cards that can be opened as they stand."""

from __future__ import annotations

from prosvet.core.context import Context
from prosvet.core.errors import ModelError
from prosvet.models.vlm.card import VlmCard
from prosvet.models.vlm.door import load_vlm_card, readers

__all__ = ["planner_names", "reader_names"]


def reader_names(context: Context) -> tuple[str, ...]:
    """Cards with a pinned revision and weights or a server."""
    return tuple(card.name for card in _cards(context))


def planner_names(context: Context) -> tuple[str, ...]:
    """Those of them that stand behind an OpenAI-compatible server."""
    return tuple(card.name for card in _cards(context) if card.backend == "openai")


def _cards(context: Context) -> list[VlmCard]:
    made = []
    for name in sorted(readers(context.settings.home)):
        try:
            card = load_vlm_card(name, context.settings.home)
        except ModelError:
            continue  # a broken card of the user's is shown, with why, on the page of models
        if card.revision and (card.server is not None or card.files):
            made.append(card)
    return made
