"""A card of the user's own: checked, its weights hashed, its revision pinned, and kept in ``HOME/models``."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from pathlib import Path

from pydantic import ValidationError

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import CardRefused, NotFound
from prosvet.models.card import cards
from prosvet.models.encoder_card import EncoderCard
from prosvet.models.vlm.card import VlmCard
from prosvet.models.vlm.weights import described

__all__ = ["TASKS", "add_card"]

TASKS: dict[str, type[VlmCard] | type[EncoderCard]] = {"vlm": VlmCard, "encode": EncoderCard}
"""What kinds of cards can be added, by their ``task``; reading models come from training."""

_LARGEST = 1_000_000


def add_card(
    source: str, context: Context, *, weights: Path | None = None, revision: str | None = None, replace: bool = False
) -> str:
    """Copy a card to ``HOME/models`` after checks; its name.

    Parameters
    ----------
    source : str
        A TOML file, or the name of a card that is shipped without weights.
    weights : Path or None
        The folder of its weights, hashed file by file; None leaves what the card says.
    revision : str or None
        What the weights are called by their publisher (a commit, a version); None leaves what the card says.
    replace : bool
        Whether a card of that name may be there already.

    Raises
    ------
    NotFound
        When there is no such file or card, or no such folder.
    CardRefused
        When it is not valid, has no revision or no weights, or its name is taken.
    """
    path = _found(source, context)
    body = path.read_text(encoding="utf-8")
    if revision:
        body = _with(body, "revision", revision)
    if weights is not None:
        if not weights.is_dir():
            raise NotFound(kind="folder", name=str(weights))
        body = _with(_without_files(body), "weights", str(weights.resolve())) + _files(weights.resolve())
    card = _checked(path.name, body, path.parent)
    if isinstance(card, VlmCard) and card.adapter:
        body = _with_adapter(body, card)
        card = _checked(path.name, body, path.parent)
    if isinstance(card, EncoderCard) or card.backend in ("transformers", "chained"):
        _weights_stated(card, path.name)
    _kept(card.name, body, context, replace=replace)
    AuditLog.from_context(context).write("model_added", model=card.name, revision=card.revision, task=card.task)
    return card.name


def _found(source: str, context: Context) -> Path:
    for task in TASKS:
        known = cards(context.settings.home, task)
        if source in known:
            return known[source]
    path = Path(source).expanduser()
    if not path.is_file():
        raise NotFound(kind="file", name=source)
    if path.stat().st_size > _LARGEST:
        raise CardRefused(name=path.name, reason="too_large", limit=_LARGEST)
    return path


def _checked(name: str, body: str, folder: Path) -> VlmCard | EncoderCard:
    try:
        content = tomllib.loads(body)
    except tomllib.TOMLDecodeError as error:
        raise CardRefused(name=name, reason=str(error)) from None
    kind = TASKS.get(str(content.get("task")))
    if kind is None:
        raise CardRefused(name=name, reason="task", known=", ".join(TASKS))
    try:
        card = kind.model_validate(content | {"folder": folder})
    except ValidationError as error:
        first = error.errors()[0]
        raise CardRefused(name=name, reason=f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if not card.revision:
        raise CardRefused(name=name, reason="revision")
    return card


def _weights_stated(card: VlmCard | EncoderCard, name: str) -> None:
    if not card.weights or not Path(card.weights).is_absolute():
        raise CardRefused(name=name, reason="weights")
    if not card.files:
        raise CardRefused(name=name, reason="files")


def _with(body: str, key: str, value: str) -> str:
    """The card with one key of its first part set; whatever else stands there stays as it was written."""
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    table = re.search(r"(?m)^\[", body)
    head, rest = (body[: table.start()], body[table.start() :]) if table else (body, "")
    found = re.compile(rf"(?m)^{key}\s*=.*$")
    head = found.sub(lambda _: line, head, count=1) if found.search(head) else f"{line}\n{head}"
    return head + rest


def _with_adapter(body: str, card: VlmCard) -> str:
    """The card with its adapter's folder absolute, and each file of it hashed where it was not."""
    folder = card.adapter_folder
    if not folder.is_dir():
        raise NotFound(kind="folder", name=str(folder))
    body = _with(body, "adapter", str(folder))
    return body if card.adapter_files else body.rstrip("\n") + _files(folder, "adapter_files")


def _without_files(body: str) -> str:
    """The card without hashes of weights that it had before."""
    return re.sub(r"(?ms)^\[files[.\]].*?(?=^\[(?!files[.\]])|\Z)", "", body)


def _files(folder: Path, table: str = "files") -> str:
    lines = []
    for name, entry in described(folder).items():
        quoted = json.dumps(name, ensure_ascii=False)
        lines += [f"\n[{table}.{quoted}]", f"path = {quoted}", f'sha256 = "{entry.sha256}"', f"bytes = {entry.bytes}"]
    return "\n" + "\n".join(lines) + "\n"


def _kept(name: str, body: str, context: Context, *, replace: bool) -> None:
    folder = context.settings.home / "models"
    target = folder / f"{name}.toml"
    if name in cards(None) or (target.exists() and not replace):
        raise CardRefused(name=name, reason="taken")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", delete=False, encoding="utf-8") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())
    Path(stream.name).replace(target)
