"""Rounds by file, for sites with no open port: a site answers a round file with an update file, the coordinator merges.

An answer is refused by its name, and nothing is merged, when it was changed on the way, belongs to a finished or a
later round, to another base or federation, comes from a stranger, or stands in twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from prosvet.core.errors import FederationError
from prosvet.training.federated import heads
from prosvet.training.federated.average import Floats, Update
from prosvet.training.federated.federation import Answer, Federation, Round
from prosvet.training.federated.films import FilmSet
from prosvet.training.federated.packet import Packet, read_packet, write_packet
from prosvet.training.federated.plan import Plan

__all__ = ["OpenRound", "answer", "local", "merge_files", "read_key", "read_round"]


@dataclass(frozen=True)
class OpenRound:
    """A round file that was read: its number, the plan, the state, and the hash of the file."""

    number: int
    plan: Plan
    state: dict[str, Floats]
    sha256: str


def read_key(path: Path) -> bytes:
    """The key that the coordinator handed over.

    Raises
    ------
    FederationError
        ``bad_key``.
    """
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise FederationError(reason="bad_key", name=path.name) from None
    if len(key) != 32:
        raise FederationError(reason="bad_key", name=path.name)
    return key


def read_round(path: Path, site: str, key: bytes | None) -> OpenRound:
    """Read a round file and check the coordinator's signature for `site`.

    Raises
    ------
    NotFound, FederationError
    """
    packet = read_packet(path, "round", who=site, key=key)
    try:
        plan, number = Plan.model_validate(packet.header["plan"]), int(packet.header["round"])
    except (ValidationError, KeyError, TypeError, ValueError):
        raise FederationError(reason="not_a_packet", name=path.name) from None
    if key is not None and site not in plan.sites:
        raise FederationError(reason="stranger", site=site, known=", ".join(plan.sites))
    state = {name: array.astype(np.float64) for name, array in packet.arrays.items()}
    if plan.method != "full" and (
        set(state) != {"theta"} or state["theta"].shape != heads.begin(len(plan.findings))["theta"].shape
    ):
        raise FederationError(reason="not_a_packet", name=path.name)
    return OpenRound(number, plan, state, packet.sha256)


def local(opened: OpenRound, films: FilmSet, seed: int) -> Update:
    """What the site of `films` answers to a round, whatever carries it.

    Raises
    ------
    FederationError
        When the films do not fit the plan.
    MissingExtra
        For the whole network without torch.
    """
    if opened.plan.method == "full":
        from prosvet.training.federated.network import network_update

        return network_update(opened.state, films, opened.plan, seed=seed + 1000 * opened.number)
    return heads.contribution(opened.state["theta"], films.design(opened.plan), opened.plan)


def answer(path: Path, films: FilmSet, site: str, key: bytes, out: Path, seed: int = 0) -> tuple[OpenRound, Answer]:
    """Answer the round file at `path` with an update file at `out`."""
    opened = read_round(path, site, key)
    update = local(opened, films, seed)
    header = {
        "kind": "update", "federation": opened.plan.name, "round": opened.number, "site": site,
        "base": opened.plan.base, "state_sha256": opened.sha256, "n": int(update.counts[-1]),
    }  # fmt: skip
    arrays = {f"sum.{name}": array.astype(np.float32) for name, array in update.sums.items()}
    sha256 = write_packet(out, header, {**arrays, "counts": update.counts}, {site: key})
    counts = tuple(int(n) for n in update.counts)
    return opened, Answer(site=site, sha256=sha256, bytes=out.stat().st_size, counts=counts)


def merge_files(federation: Federation, paths: Sequence[Path], *, partial: bool = False) -> Round:
    """Finish the open round with the sites' update files.

    Parameters
    ----------
    partial : bool
        Go on without the sites that are missing.

    Raises
    ------
    NotFound, FederationError
        When a file is refused; then the round stays open and nothing is written.
    """
    number, expected = len(federation.rounds()), federation.state().sha256
    updates: list[Update] = []
    answers: list[Answer] = []
    for path in paths:
        packet = _update(federation, path)
        header = packet.header
        site = str(header["site"])
        if any(site == one.site for one in answers):
            raise FederationError(reason="repeated", name=path.name, site=site)
        if header.get("base") != federation.plan.base:
            raise FederationError(
                reason="wrong_base", name=path.name, found=str(header.get("base")), wanted=federation.plan.base
            )
        if header.get("round") != number or header.get("state_sha256") != expected:
            raise FederationError(reason="stale", name=path.name, found=str(header.get("round")), wanted=number)
        updates.append(_numbers(federation, packet, path.name))
        counts = tuple(int(n) for n in updates[-1].counts)
        answers.append(Answer(site=site, sha256=packet.sha256, bytes=path.stat().st_size, counts=counts))
    missing = sorted(set(federation.plan.sites) - {one.site for one in answers})
    if missing and not partial:
        raise FederationError(reason="sites_missing", sites=", ".join(missing))
    if len(answers) < 2:
        raise FederationError(reason="too_few_sites")
    return federation.merge(updates, answers, "files")


def _update(federation: Federation, path: Path) -> Packet:
    """An update file whose signature is that of the site it names."""
    site = str(read_packet(path, "update").header.get("site", ""))
    packet = read_packet(path, "update", who=site, key=federation.key(site))
    if packet.header.get("federation") != federation.plan.name:
        raise FederationError(
            reason="other_federation", name=path.name, found=str(packet.header.get("federation")),
            wanted=federation.plan.name,
        )  # fmt: skip
    return packet


def _numbers(federation: Federation, packet: Packet, name: str) -> Update:
    arrays: dict[str, Any] = {part: array.astype(np.float64) for part, array in packet.arrays.items()}
    counts = arrays.pop("counts", np.zeros(0))
    sums = {part.removeprefix("sum."): array for part, array in arrays.items()}
    shapes = {part: array.shape for part, array in sums.items()}
    plan = federation.plan
    k = len(plan.findings)
    if counts.shape != (k + 1,) or counts.min() < 0 or counts.max() > plan.largest or shapes != _shapes(federation):
        raise FederationError(reason="not_a_packet", name=name)
    return Update(sums, counts)


def _shapes(federation: Federation) -> dict[str, tuple[int, ...]]:
    state = {name: array.shape for name, array in federation.state().arrays.items()}
    if federation.plan.method != "newton":
        return state
    k, width = state["theta"]
    return {"slope": (k, width), "bend": (k, width * (width + 1) // 2), "loss": (k,)}
