"""The coordinator's book of a federation: its plan, keys, rounds and what came of each.

``HOME/federated/NAME/`` holds ``plan.json``; ``keys/SITE.key``, one to be handed to each site; ``round-000.npz`` and
on, the state with which a round begins, signed for every site; ``rounds.jsonl``, one line a finished round. A round is
finished by one durable line: what was half done before a kill is done again, from the same files.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, ValidationError

from prosvet.archive.files import write_whole
from prosvet.core.clock import now
from prosvet.core.errors import FederationError, NotFound
from prosvet.core.types import Frozen, Moment
from prosvet.training.federated import heads
from prosvet.training.federated.average import Arrays, Floats, Update, averaged, total
from prosvet.training.federated.packet import Packet, read_packet, write_packet
from prosvet.training.federated.plan import Plan

__all__ = ["Answer", "Federation", "Round", "federations"]

_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,39}$")


class Answer(Frozen):
    """What is known of one site's answer to a round: its hash and size; counts unless they were summed in secret."""

    site: str
    sha256: str = ""
    bytes: int = 0
    counts: tuple[int, ...] = ()


class Round(Frozen):
    """A finished round.

    Attributes
    ----------
    counts : tuple of int
        Films behind the round: by finding, then in all.
    moved : float
        The largest change of a number of the correction; in the first rounds large, in the end small.
    loss : float or None
        Mean log loss over findings at the state with which the round began (method ``newton``).
    sent, received : int
        Bytes to and from all sites.
    """

    number: int = Field(ge=0)
    at: Moment
    by: Literal["files", "flower", "flower-secagg"]
    answers: tuple[Answer, ...]
    counts: tuple[int, ...]
    moved: float
    loss: float | None = None
    sent: int
    received: int
    state_sha256: str


@dataclass(frozen=True)
class Federation:
    """A federation in its folder."""

    folder: Path
    plan: Plan

    # -- making and finding --------------------------------------------------------------------------------------

    @classmethod
    def create(cls, home: Path, plan: Plan, state: Arrays | None = None) -> Federation:
        """Write the plan, a key for each site, and the state of round 0.

        Raises
        ------
        FederationError
            ``exists``; ``no_state`` where the method is ``full`` and `state` is missing.
        """
        folder = home / "federated" / plan.name
        if (folder / "plan.json").exists():
            raise FederationError(reason="exists", name=plan.name)
        if state is None and plan.method == "full":
            raise FederationError(reason="no_state")
        for site in plan.sites:
            if not _NAME.match(site):
                raise FederationError(reason="site_name", site=site)
            write_whole(folder / "keys" / f"{site}.key", [secrets.token_hex(32).encode()])
        (folder / "keys").chmod(0o700)
        made = cls(folder, plan)
        made._write_state(0, heads.begin(len(plan.findings)) if state is None else state)
        write_whole(folder / "plan.json", [plan.model_dump_json(indent=1).encode()], mode=0o644)
        return made

    @classmethod
    def open(cls, home: Path, name: str) -> Federation:
        """The federation `name` of this archive.

        Raises
        ------
        NotFound
        FederationError
            ``damaged``.
        """
        path = home / "federated" / name / "plan.json"
        if not _NAME.match(name) or not path.is_file():
            raise NotFound(kind="federation", name=name)
        try:
            return cls(path.parent, Plan.model_validate_json(path.read_bytes()))
        except ValidationError:
            raise FederationError(reason="damaged", name=name) from None

    # -- looking -------------------------------------------------------------------------------------------------

    def rounds(self) -> tuple[Round, ...]:
        """The finished rounds in their order.

        Raises
        ------
        FederationError
            ``damaged``.
        """
        path = self.folder / "rounds.jsonl"
        content = path.read_bytes() if path.is_file() else b""
        whole = content[: content.rfind(b"\n") + 1]
        try:
            found = tuple(Round.model_validate_json(line) for line in whole.splitlines())
        except ValidationError:
            raise FederationError(reason="damaged", name=self.plan.name) from None
        if [one.number for one in found] != list(range(len(found))):
            raise FederationError(reason="damaged", name=self.plan.name)
        return found

    def state_path(self, number: int | None = None) -> Path:
        """The file with which round `number` begins; of the round that is open now when None."""
        return self.folder / f"round-{len(self.rounds()) if number is None else number:03d}.npz"

    def state(self, number: int | None = None) -> Packet:
        """The state of a round, checked."""
        site = self.plan.sites[0]
        return read_packet(self.state_path(number), "round", who=site, key=self.key(site))

    def key(self, site: str) -> bytes:
        """The key that is shared with `site`.

        Raises
        ------
        FederationError
            ``stranger``.
        """
        path = self.folder / "keys" / f"{site}.key"
        if site not in self.plan.sites or not path.is_file():
            raise FederationError(reason="stranger", site=site, known=", ".join(self.plan.sites))
        return bytes.fromhex(path.read_text().strip())

    # -- going on ------------------------------------------------------------------------------------------------

    def merge(
        self, updates: Sequence[Update], answers: Sequence[Answer], by: Literal["files", "flower", "flower-secagg"]
    ) -> Round:
        """Finish the open round: add `updates` up, write the next state, then the line that makes it so."""
        with self._locked():
            number = len(self.rounds())
            before = {name: array.astype(np.float64) for name, array in self.state(number).arrays.items()}
            whole = total(updates)
            if whole.counts[-1] < 0.5:
                raise FederationError(reason="nothing_counted")
            after, loss = self._following(before, whole)
            sent = self.state_path(number).stat().st_size * len(answers)
            sha256 = self._write_state(number + 1, after)
            made = Round(
                number=number, at=now("millisecond"), by=by, answers=tuple(answers), moved=_moved(before, after),
                loss=loss, counts=tuple(round(float(n)) for n in whole.counts), sent=sent,
                received=sum(answer.bytes for answer in answers), state_sha256=sha256,
            )  # fmt: skip
            with (self.folder / "rounds.jsonl").open("ab") as stream:
                stream.write(made.model_dump_json().encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        return made

    def _following(self, before: Arrays, whole: Update) -> tuple[dict[str, Floats], float | None]:
        plan = self.plan
        if plan.method == "full":
            return averaged(whole, before, frozenset(n for n in before if n.startswith("classifier."))), None
        after = {"theta": heads.following(before["theta"], whole, plan)}
        if plan.method == "average":
            return after, None
        return after, heads.mean_loss(whole)

    def _write_state(self, number: int, state: Arrays) -> str:
        header = {"kind": "round", "round": number, "plan": json.loads(self.plan.model_dump_json())}
        keys = {site: self.key(site) for site in self.plan.sites}
        kept = {name: array.astype(np.float32) for name, array in state.items()}
        return write_packet(self.folder / f"round-{number:03d}.npz", header, kept, keys)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / ".lock").open("a") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            path = self.folder / "rounds.jsonl"
            content = path.read_bytes() if path.is_file() else b""
            if content and not content.endswith(b"\n"):
                write_whole(path, [content[: content.rfind(b"\n") + 1]], mode=0o644)
            yield


def federations(home: Path) -> tuple[Federation, ...]:
    """All federations that this archive coordinates, by name."""
    folder = home / "federated"
    names = sorted(path.parent.name for path in folder.glob("*/plan.json")) if folder.is_dir() else []
    return tuple(Federation.open(home, name) for name in names)


def _moved(before: Arrays, after: Arrays) -> float:
    return round(max(float(np.abs(after[name] - before[name]).max(initial=0)) for name in before), 6)
