"""The capability `models`: which cards there are, what one says, whether its weights are the ones it describes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, ModelError
from prosvet.core.i18n import text
from prosvet.core.types import Frozen
from prosvet.models.card import Card, cards, load_card, load_task_card, verified_path
from prosvet.models.encoder_card import EncoderCard
from prosvet.models.vlm.add import TASKS, add_card
from prosvet.models.vlm.card import VlmCard
from prosvet.models.vlm.weights import verified_folder

__all__ = ["ModelsRequest", "ModelsResult", "run"]

AnyCard = Card | VlmCard | EncoderCard


class ModelsRequest(BaseModel):
    """`list` all cards, `show` one whole, or `verify` one or (without a name) all, `add` one."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["list", "show", "verify", "add"] = "list"
    name: str | None = Field(default=None, description="A card's name; to add, also a TOML file.")
    weights: Path | None = Field(default=None, description="To add: the folder of the weights.")
    revision: str | None = Field(default=None, description="To add: what the publisher calls these weights.")
    replace: bool = Field(default=False, description="To add: in place of a card of the same name.")


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
    """The rows, and the whole card where one was asked for: of a reading model, or of another kind."""

    models: tuple[ModelRow, ...]
    card: Card | None = None
    other: VlmCard | EncoderCard | None = None

    @property
    def ok(self) -> bool:
        """Nothing that was verified failed."""
        return all(row.verified is not False for row in self.models)


def run(request: ModelsRequest, context: Context) -> ModelsResult:
    """List, show, verify or add cards.

    Raises
    ------
    ModelNotFound, ModelError
        When the named card does not exist or is not valid.
    CardRefused
        When a card is not taken in.
    """
    name = request.name
    if request.action == "add":
        if not name:
            raise InvalidRequest(name="name", reason="a card or its file")
        name = add_card(name, context, weights=request.weights, revision=request.revision, replace=request.replace)
    found = _found(name, context)
    rows = tuple(_row(card, context, verify=request.action == "verify") for card in found)
    whole = found[0] if request.action == "show" and len(found) == 1 else None
    if whole is None or isinstance(whole, Card):
        return ModelsResult(models=rows, card=whole)
    return ModelsResult(models=rows, other=whole)


def _found(name: str | None, context: Context) -> list[AnyCard]:
    """Cards of every task, reading models first; the named one alone where there is a name."""
    home = context.settings.home
    made: list[AnyCard] = []
    for task, kind in TASKS.items():
        known = cards(home, task)
        if name is None or (name in known and name not in cards(home)):
            made += [load_task_card(one, kind, task, home) for one in ([name] if name else sorted(known))]
    if name is None or not made:
        made = [load_card(one, home) for one in ([name] if name else sorted(cards(home)))] + made
    return made


def _row(card: AnyCard, context: Context, *, verify: bool) -> ModelRow:
    lang = context.lang
    problem, served = "", isinstance(card, VlmCard) and card.server is not None
    here = isinstance(card, Card) or bool(card.revision and (served or (card.files and card.weights_folder.is_dir())))
    if not here:
        problem = text("vlm.not_here", lang)
    elif verify and not served:
        try:
            _verified(card)
        except ModelError as error:
            problem = error.message(lang)
    size = sum(file.bytes for file in card.files.values()) / 1e6
    checked = verify and here and not served
    return ModelRow(
        name=card.name, title=card.title[lang], revision=card.revision, task=card.task, licence=card.licence,
        megabytes=round(size, 1), verified=not problem if checked else None, problem=problem,
    )  # fmt: skip


def _verified(card: AnyCard) -> None:
    if isinstance(card, Card):
        for file in card.files:
            verified_path(card, file)
    else:
        verified_folder(card.name, card.weights_folder, card.files)
        if isinstance(card, VlmCard) and card.adapter:
            verified_folder(card.name, card.adapter_folder, card.adapter_files)
