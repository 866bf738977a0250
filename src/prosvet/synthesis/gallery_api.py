"""The capability synthesize.gallery: what was made and kept here, the generators to choose from, what is in memory."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import ModelError, ModelNotFound
from prosvet.core.types import Frozen
from prosvet.models.card import cards
from prosvet.synthesis.door import card_of
from prosvet.synthesis.gallery import NAME, Entry, Gallery
from prosvet.synthesis.loaded import DEFAULT, Loaded, LoadedState
from prosvet.synthesis.sdxl.card import SdxlCard

__all__ = ["GalleryRequest", "GalleryResult", "GeneratorView", "run"]


class GalleryRequest(Frozen):
    """What to do, and with which picture."""

    action: Literal["list", "show", "delete"] = Field(default="list", description="list, show or delete.")
    name: str | None = Field(default=None, pattern=NAME, description="The picture, for all but list.")
    limit: int = Field(default=24, ge=1, le=500, description="At most so many.")


class GeneratorView(Frozen):
    """A generator that can be asked. ``problem`` and ``hint`` say why it cannot, in the user's language.

    ``adapters`` are those that its card knows; None: it takes none.
    """

    name: str
    title: str
    revision: str
    styles: tuple[str, ...]
    films_of: dict[str, int]
    limits: tuple[str, ...]
    adapters: tuple[str, ...] | None = None
    problem: str = ""
    hint: str = ""


class GalleryResult(Frozen):
    """Pictures, the latest first, and how many there are; for one, that one as it is or was."""

    total: int
    pictures: tuple[Entry, ...]
    generators: tuple[GeneratorView, ...] = ()
    memory: LoadedState | None = None


def run(request: GalleryRequest, context: Context) -> GalleryResult:
    """List, show or delete. Of others' pictures only seniors know.

    Raises
    ------
    NotFound
    """
    gallery = context.get(Gallery)
    if request.action == "list":
        found = gallery.entries(context.actor)
        views = tuple(_view(name, context) for name in _names(context))
        state = context.get(Loaded).state()
        return GalleryResult(total=len(found), pictures=tuple(found[: request.limit]), generators=views, memory=state)
    one = gallery.entry(request.name or "0" * 16, context.actor)
    if request.action == "delete":
        AuditLog.from_context(context).write("synthetic deleted", picture=one.name)
        gallery.remove(one.name)
    return GalleryResult(total=1, pictures=(one,))


def _names(context: Context) -> list[str]:
    """The shipped one first, there or not, then those of the cards."""
    return list(dict.fromkeys([DEFAULT, *sorted(cards(context.settings.home, "synthesis"))]))


def _view(name: str, context: Context) -> GeneratorView:
    lang = context.lang
    try:
        card = card_of(name, context.settings.home)
    except (ModelNotFound, ModelError) as error:
        return GeneratorView(
            name=name, title=name, revision="", styles=(), films_of={}, limits=(), problem=error.message(lang),
            hint=error.hint(lang),
        )  # fmt: skip
    styles = tuple(sorted(one for one in card.styles if one != "any"))
    return GeneratorView(
        name=name, title=card.title[lang], revision=card.revision, styles=styles, films_of=card.films_of,
        limits=card.limits[lang], adapters=tuple(card.adapters) if isinstance(card, SdxlCard) else None,
    )  # fmt: skip
