"""What a site reads with: an append-only history of deployments, of which the last line is in force.

``HOME/sites/SITE/deployments.jsonl`` holds one JSON line a deployment. A line is written under a lock and is durable
before the call returns; a line without its end was never acknowledged and does not count. Nothing is ever taken back:
a roll-back is a new line that restores an earlier one. An explicit model (an argument, ``PROSVET_MODEL``) wins over
the history and reads without an adapter.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import Field, ValidationError

from prosvet.core.clock import now
from prosvet.core.errors import DeploymentError
from prosvet.core.settings import Settings
from prosvet.core.types import Frozen
from prosvet.models.adapter import Adapter, FiledMoment, adapted
from prosvet.models.adapter_files import load_adapter
from prosvet.models.card import Card, load_card, verified_path

__all__ = [
    "Deployment",
    "InForce",
    "card_in_force",
    "deploy",
    "deployed",
    "explicit",
    "history",
    "in_force",
    "roll_back",
]


class Deployment(Frozen):
    """One line of the history.

    Attributes
    ----------
    version : int
        From 1, in the order of the file; 0 is the model of the settings, before anybody deployed anything.
    model, revision : str
        The card and its own revision (of the base, when there is an adapter).
    adapter : int or None
        Version of the site's adapter.
    adapter_sha256 : str or None
        Hash of the adapter's card, which carries that of its numbers.
    why : str
        In the words of whoever deployed it.
    evidence : dict
        What it was decided on: figures, hashes, the name of a challenger's card.
    restores : int or None
        The earlier version that a roll-back repeats.
    """

    version: int = Field(ge=0)
    model: str
    revision: str = ""
    adapter: int | None = Field(default=None, ge=1)
    adapter_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    by: str = ""
    at: FiledMoment | None = None
    why: str = ""
    evidence: dict[str, Any] = Field(default_factory=dict)
    restores: int | None = Field(default=None, ge=0)


@dataclass(frozen=True)
class InForce:
    """The deployment with its card (with the adapter's thresholds and revision) and its adapter, both checked."""

    deployment: Deployment
    card: Card
    adapter: Adapter | None


# -- reading ---------------------------------------------------------------------------------------------------------


def explicit(settings: Settings) -> bool:
    """Whether somebody named the model: then the history of deployments is not asked."""
    return "model" in settings.model_fields_set


def history(settings: Settings) -> tuple[Deployment, ...]:
    """All deployments of the settings' site, the oldest first; version 0 is not among them.

    Raises
    ------
    DeploymentError
        When a whole line of the file cannot be read: the program never falls back to another model by itself.
    """
    path = _path(settings)
    try:
        stat = path.stat()
    except FileNotFoundError:
        return ()
    return _read(path, stat.st_mtime_ns, stat.st_size, stat.st_ino)


def deployed(settings: Settings) -> Deployment:
    """The deployment in force: the last of the history, or the settings' model (version 0).

    It costs one look at the file's time, so it may be asked with every request.
    """
    if explicit(settings):
        return _first(settings)
    kept = history(settings)
    return kept[-1] if kept else _first(settings)


def in_force(settings: Settings, deployment: Deployment | None = None) -> InForce:
    """The card and adapter of `deployment`; of the one in force when None.

    Raises
    ------
    ModelError
        When the card or the adapter is missing, damaged, or the adapter was made for another revision.
    """
    chosen = deployment or deployed(settings)
    base = load_card(chosen.model, settings.home)
    if chosen.adapter is None:
        return InForce(chosen, base, None)
    adapter = load_adapter(settings, chosen.adapter, base, sha256=chosen.adapter_sha256)
    return InForce(chosen, adapted(base, adapter), adapter)


def card_in_force(settings: Settings) -> Card:
    """The card that the site reads with; an adapted one has its own revision and thresholds."""
    return in_force(settings).card


# -- writing ---------------------------------------------------------------------------------------------------------


def deploy(
    settings: Settings, model: str | None = None, adapter: int | None = None, *, by: str, why: str,
    evidence: Mapping[str, Any] | None = None,
) -> Deployment:  # fmt: skip
    """Put a model, or an adapter of the present one, in force for the settings' site.

    Parameters
    ----------
    model : str or None
        A card's name; that of the deployment in force when None.
    adapter : int or None
        Version of the site's adapter; None reads without one.
    by, why : str
        Who decides, and their reason; neither may be empty.
    evidence : mapping or None
        What it was decided on; it must fit into JSON.

    Raises
    ------
    DeploymentError
        Without a name or a reason.
    ModelError, ModelNotFound, ModelHashMismatch
        When what should be deployed is not whole, or does not fit; nothing is written.
    """
    _named(by, why)
    with _locked(settings) as (stream, kept):
        name = model or (kept[-1].model if kept else settings.model)
        values = {"version": len(kept) + 1, "model": name, "adapter": adapter, "by": by.strip(), "why": why.strip(),
                  "at": now("millisecond"), "evidence": dict(evidence or {})}  # fmt: skip
        made = _verified(Deployment.model_validate(values), settings)
        _append(stream, made)
    return made


def roll_back(settings: Settings, to: int | None = None, *, by: str, why: str) -> Deployment:
    """Restore an earlier deployment by a new line.

    Parameters
    ----------
    to : int or None
        The version to restore, 0 for the settings' model; None is the one before what is in force, so that a second
        roll-back goes further back instead of forth again.

    Raises
    ------
    DeploymentError
        When there is nothing before, no such version, or no name and reason.
    ModelError
        When what should be restored is no longer whole.
    """
    _named(by, why)
    with _locked(settings) as (stream, kept):
        target = _before(kept) if to is None else to
        if not 0 <= target <= len(kept):
            raise DeploymentError(reason="no_version", version=target)
        earlier = kept[target - 1] if target else _first(settings)
        changed = {
            "version": len(kept) + 1,
            "by": by.strip(),
            "why": why.strip(),
            "at": now("millisecond"),
            "restores": target,
        }
        made = _verified(earlier.model_copy(update=changed), settings)
        _append(stream, made)
    return made


# -- inside ----------------------------------------------------------------------------------------------------------


def _path(settings: Settings) -> Path:
    return settings.home / "sites" / settings.site / "deployments.jsonl"


def _first(settings: Settings) -> Deployment:
    return Deployment(version=0, model=settings.model)


def _named(by: str, why: str) -> None:
    for value, reason in ((by, "name_needed"), (why, "why_needed")):
        if not value.strip():
            raise DeploymentError(reason=reason)


def _before(kept: tuple[Deployment, ...]) -> int:
    """The version in force before the present one; a roll-back stands where what it restores stood."""
    here = len(kept)
    while here and kept[here - 1].restores is not None:
        here = kept[here - 1].restores or 0
    if not here:
        raise DeploymentError(reason="nothing_before")
    return here - 1


def _verified(one: Deployment, settings: Settings) -> Deployment:
    """`one` with the revision and hash of what it names, after all of that was checked."""
    base = load_card(one.model, settings.home)
    for part in base.files:
        verified_path(base, part)
    if one.adapter is None:
        return one.model_copy(update={"revision": base.revision, "adapter_sha256": None})
    adapter = load_adapter(settings, one.adapter, base, sha256=one.adapter_sha256)
    return one.model_copy(update={"revision": base.revision, "adapter_sha256": adapter.sha256})


@lru_cache(maxsize=16)
def _read(path: Path, mtime: int, size: int, inode: int) -> tuple[Deployment, ...]:
    """The whole lines of the file, for as long as its time, size and number stay."""
    del mtime, inode
    return _parsed(path.read_bytes()[:size])


def _parsed(content: bytes) -> tuple[Deployment, ...]:
    whole = content[: content.rfind(b"\n") + 1]
    found = []
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            one = Deployment.model_validate_json(line)
        except ValidationError:
            raise DeploymentError(reason="damaged_line", line=number) from None
        if one.version != number:
            raise DeploymentError(reason="damaged_line", line=number)
        found.append(one)
    return tuple(found)


@contextmanager
def _locked(settings: Settings) -> Iterator[tuple[BinaryIO, tuple[Deployment, ...]]]:
    """The file under an exclusive lock, and what it holds; a torn last line is cut off before anything is added."""
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.seek(0)
        content = stream.read()
        whole = content.rfind(b"\n") + 1
        kept = _parsed(content)
        if whole < len(content):
            stream.truncate(whole)
        yield stream, kept


def _append(stream: BinaryIO, one: Deployment) -> None:
    line = json.dumps(one.model_dump(mode="json"), ensure_ascii=False, allow_nan=False)
    stream.write(line.encode() + b"\n")
    stream.flush()
    os.fsync(stream.fileno())
