"""Russian and English of chest X-rays: concepts, mentions in a text, drafts of reports.

The names below are imported when asked for, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prosvet.language.detect import detect_language
    from prosvet.language.mentions import Mention, find_mentions
    from prosvet.language.protocol import render
    from prosvet.language.stem import sentences, tokens
    from prosvet.language.templates import sentences_for
    from prosvet.language.vocabulary import Concept, Vocabulary

__all__ = [
    "Concept",
    "Mention",
    "Vocabulary",
    "detect_language",
    "find_mentions",
    "render",
    "sentences",
    "sentences_for",
    "tokens",
]

_HOMES = {
    "Concept": "vocabulary",
    "Mention": "mentions",
    "Vocabulary": "vocabulary",
    "detect_language": "detect",
    "find_mentions": "mentions",
    "render": "protocol",
    "sentences": "stem",
    "sentences_for": "templates",
    "tokens": "stem",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
