"""A pack in a folder: weights beside a card of TOML; read from a step, and published whole among the home's models."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prosvet.core.errors import RetrainingError
from prosvet.core.optional import require
from prosvet.models.card import Card, WeightFile, cards, load_card, verified_path
from prosvet.training.pipeline.steps import digest, file_digest, write_text

__all__ = ["CARD", "card_of", "model_digest", "publish", "write_card", "write_parts"]

CARD = "card.toml"


def write_parts(parent: Card, encoder: Path | None, folder: Path) -> dict[str, WeightFile]:
    """Copy the parent's files into `folder`, but for the encoder, which is already there when it is given."""
    files = {}
    for part in parent.files:
        path = folder / f"{part}.onnx"
        if part != "encoder" or encoder is None:
            shutil.copyfile(verified_path(parent, part), path)
        files[part] = WeightFile(path=path.name, sha256=file_digest(path), bytes=path.stat().st_size)
    return files


def write_card(card: Card, path: Path) -> None:
    """Write a card, checked, whole or not at all."""
    content = card.model_dump(mode="json", exclude={"folder"}, exclude_none=True)
    Card.model_validate(content)
    write_text(path, require("tomli_w", "train").dumps(content))


def card_of(folder: Path) -> Card:
    """The card of a pack that is not published yet."""
    content = tomllib.loads((folder / CARD).read_text(encoding="utf-8"))
    return Card.model_validate(content | {"folder": folder})


def model_digest(card: Card) -> str:
    """SHA-256 of all that decides a model's answers: weights, calibration, thresholds; not its figures or words."""
    content = card.model_dump(mode="json", exclude={"folder", "figures", "limits", "title", "training"})
    content["files"] = {part: file.sha256 for part, file in card.files.items()}
    return digest(content)


def publish(card: Card, name: str, home: Path, *, more: Mapping[str, Any]) -> None:
    """Put the pack of `card` (a step's) among the models of `home` as `name`, with `more` in its card.

    The weights come first and the card last: a process that is killed between leaves no card, hence no model.

    Raises
    ------
    RetrainingError
        When another model has the name.
    """
    known = cards(home)
    if name in known:
        standing = load_card(name, home)
        if known[name].parent != home / "models" or not standing.parents:
            raise RetrainingError(reason="name_taken", name=name)
        if standing.parents[0].data_sha256 != card.parents[0].data_sha256:
            raise RetrainingError(reason="name_taken", name=name)
    models = home / "models"
    fresh = models / f".{name}-new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for file in card.files.values():
        shutil.copyfile(card.folder / file.path, fresh / file.path)
        with (fresh / file.path).open("rb") as stream:
            os.fsync(stream.fileno())
    (models / f"{name}.toml").unlink(missing_ok=True)  # a card must never stand beside other weights than its own
    shutil.rmtree(models / name, ignore_errors=True)
    fresh.rename(models / name)
    files = {part: file.model_copy(update={"path": f"{name}/{file.path}"}) for part, file in card.files.items()}
    write_card(card.model_copy(update={"files": files, **more}), models / f"{name}.toml")
