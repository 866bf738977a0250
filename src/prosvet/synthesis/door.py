"""What every generator can be asked, whatever makes its pictures, and the cards that lead to one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from prosvet.core.context import Context
from prosvet.models.card import WeightFile, cards
from prosvet.models.text import SentenceEncoder
from prosvet.synthesis.card import GeneratorCard, load_generator_card
from prosvet.synthesis.make import CompactGenerator, Picture, Preview, Task
from prosvet.synthesis.sdxl.card import SdxlCard, load_sdxl_card
from prosvet.synthesis.wanted import Wanted

__all__ = ["AnyCard", "Generator", "card_of", "generator_of"]


class AnyCard(Protocol):
    """What the cards of all generators say."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> dict[str, str]: ...
    @property
    def revision(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def styles(self) -> dict[str, int]: ...
    @property
    def films_of(self) -> dict[str, int]: ...
    @property
    def files(self) -> dict[str, WeightFile]: ...
    @property
    def limits(self) -> dict[str, tuple[str, ...]]: ...


class Generator(Protocol):
    """Words, a film or a part of one in, a grey picture (size, size) in 0..1 out."""

    @property
    def card(self) -> AnyCard: ...

    @property
    def adapter(self) -> str | None:
        """Name and hash of the adapter that pictures are made with."""
        ...

    def wear(self, adapter: Path | None) -> None:
        """Choose the adapter of the next pictures, None for none."""
        ...

    def wanted(self, text: str, style: str = "") -> Wanted:
        """What it understands of `text`."""
        ...

    def make(self, task: Task, preview: Preview | None = None, cancelled: Callable[[], bool] | None = None) -> Picture:
        """The picture of `task`."""
        ...

    def close(self) -> None:
        """Give back its memory."""
        ...


def card_of(name: str, home: Path | None = None) -> GeneratorCard | SdxlCard:
    """The card of the generator `name`, of whichever kind.

    Raises
    ------
    ModelNotFound, ModelError
    """
    path = cards(home, "synthesis").get(name)
    if path is not None and _backend(path) == "diffusers":
        return load_sdxl_card(name, home)
    return load_generator_card(name, home)


def _backend(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8")).get("backend", ""))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return ""  # whoever reads the card says what is wrong with it


def generator_of(card: GeneratorCard | SdxlCard, context: Context) -> Generator:
    """The generator of a card, its files verified."""
    if isinstance(card, SdxlCard):
        from prosvet.synthesis.sdxl.generator import SdxlGenerator

        return SdxlGenerator(card)
    return CompactGenerator(card, context.settings.threads, context.get(SentenceEncoder))
