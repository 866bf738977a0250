"""The capability `models`: which cards there are, what one says, whether its weights are the ones it describes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from prosvet.core.context import Context
from prosvet.core.errors import ModelError
from prosvet.core.types import Frozen
from prosvet.models.card import Card, cards, load_card, verified_path

__all__ = ["ModelsRequest", "ModelsResult", "run"]


class ModelsRequest(BaseModel):
    """`list` all cards, `show` one whole, or `verify` one or (without a name) all."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["list", "show", "verify"] = "list"
    name: str | None = None


class ModelRow(Frozen):
    """A card in a line. `verified` is None where nobody asked; `problem` says what is wrong."""

    name: str
    title: str
    revision: str
    task: str
    licence: str
    megabytes: float
    verified: bool | None = None
    problem: str = ""


class ModelsResult(Frozen):
    """The rows, and the whole card where one was asked for."""

    models: tuple[ModelRow, ...]
    card: Card | None = None

    @property
    def ok(self) -> bool:
        """Nothing that was verified failed."""
        return all(row.verified is not False for row in self.models)


def run(request: ModelsRequest, context: Context) -> ModelsResult:
    """List, show or verify cards.

    Raises
    ------
    ModelNotFound, ModelError
        When the named card does not exist or is not valid.
    """
    home = context.settings.home
    names = [request.name] if request.name else sorted(cards(home))
    found = [load_card(name, home) for name in names]
    rows = tuple(_row(card, context, verify=request.action == "verify") for card in found)
    whole = found[0] if request.action == "show" and len(found) == 1 else None
    return ModelsResult(models=rows, card=whole)


def _row(card: Card, context: Context, *, verify: bool) -> ModelRow:
    problem = ""
    if verify:
        try:
            for file in card.files:
                verified_path(card, file)
        except ModelError as error:
            problem = error.message(context.lang)
    size = sum(file.bytes for file in card.files.values()) / 1e6
    return ModelRow(
        name=card.name,
        title=card.title[context.lang],
        revision=card.revision,
        task=card.task,
        licence=card.licence,
        megabytes=round(size, 1),
        verified=not problem if verify else None,
        problem=problem,
    )
