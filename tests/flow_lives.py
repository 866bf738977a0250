"""Lives and deaths of a whole node (receiving, reading, sending), and what its peers hold in the end.

``python flow_lives.py nest`` waits for orders on standard input and forks a node for each (imports are paid once).
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import select

from flow_support import Peer, storescp
from forked import free_port, hatch, nest
from prosvet.core.audit import verify
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["Home", "Sender", "kill_test", "outcome", "words"]


def words(port: int, kinds: Sequence[str], silence: float) -> str:
    """A ``hospital.toml`` that sends results to a peer on `port`."""
    listed = ", ".join(f'"{kind}"' for kind in kinds)
    return f"""[[peers]]
name = "pacs"
aet = "PACS"
host = "127.0.0.1"
port = {port}
[routing]
end_of_study_seconds = {silence}
[results]
kinds = [{listed}]
destinations = ["pacs"]
deadline_minutes = 60
"""


@dataclass(frozen=True)
class Home:
    """A node's home, looked at from outside."""

    path: Path

    def rows(self, table: Any) -> list[Any]:
        """All rows of a table of the ledger."""
        ledger = Ledger(self.path / "hospital")
        try:
            with ledger.read() as connection:
                return list(connection.execute(select(table.__table__)).all())
        finally:
            ledger.close()

    def settled(self, exams: int) -> bool:
        """Whether so many exams are done and nothing waits to go out."""
        states = Counter(row.state for row in self.rows(Exam))
        waits = sum(row.state == "waiting" for row in self.rows(Outgoing))
        return states["done"] + states["failed"] == sum(states.values()) >= exams and not waits


def _serve(home: str, port: int) -> None:
    """One life: a whole node over `home`."""
    from prosvet.core.context import Context
    from prosvet.core.settings import load_settings
    from prosvet.hospital.config import load_config
    from prosvet.hospital.flow import companions
    from prosvet.hospital.node import serve

    with Context(load_settings({}, home=home, threads=1)) as context:
        config = load_config(context).told(port=port)
        serve(config, context, companions(config, context))


def _nest() -> None:
    import prosvet.hospital.flow.pipeline
    import prosvet.hospital.flow.send
    import prosvet.hospital.node.service
    import prosvet.hospital.objects.capture
    import prosvet.hospital.objects.structured  # noqa: F401 - loaded before the fork, so that no life pays for it

    hatch(_serve)


# ---------------------------------------------------------------- what is sent


@dataclass
class Sender:
    """Sends films one after another, each until it is acknowledged; ``acknowledged`` is what it was told is kept."""

    port: int
    acknowledged: list[str] = field(default_factory=list)
    acknowledged_at: list[float] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def send(self, films: Iterator[tuple[float, Dataset]]) -> None:
        """Send each of `films` at its time (seconds from now), or as soon as the node takes it."""
        from pynetdicom.ae import ApplicationEntity

        entity = ApplicationEntity("DEVICE")
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
        entity.add_requested_context("1.2.840.10008.5.1.4.1.1.1.1")
        begun, association = time.monotonic(), None
        for at, film in films:
            self.stop.wait(max(0.0, begun + at - time.monotonic()))
            while not self.stop.is_set():
                if association is None or not association.is_established:
                    association = entity.associate("127.0.0.1", self.port, ae_title="PROSVET")
                if association.is_established and _stored(association, film):
                    self.acknowledged.append(str(film.SOPInstanceUID))
                    self.acknowledged_at.append(time.monotonic() - begun)
                    break
                self.stop.wait(0.05)
            if self.stop.is_set():
                break
        if association is not None and association.is_established:
            association.release()


def _stored(association: Any, film: Dataset) -> bool:
    try:
        status = association.send_c_store(film)
    except (RuntimeError, ValueError):  # the association has ended under it
        return False
    return "Status" in status and status.Status == 0


# ---------------------------------------------------------------- what has become of it


def outcome(home: Home, peer: Peer, acknowledged: Sequence[str], kinds: int) -> dict[str, int]:
    """What was lost, missing or doubled: acknowledged objects, results in the ledger, results at the peer."""
    received = {row.sop_uid for row in home.rows(Received)}
    exams, rows = home.rows(Exam), home.rows(Outgoing)
    by_exam = Counter((row.study_uid, row.kind, row.destination) for row in rows)
    came: dict[str, set[bytes]] = {}
    studies: Counter[tuple[str, str]] = Counter()
    receptions = 0
    for path in peer.folder.iterdir():
        header = dcmread(path)
        uid, receptions = str(header.SOPInstanceUID), receptions + 1
        if uid not in came:
            studies[str(header.StudyInstanceUID), str(header.SeriesNumber)] += 1
        header.file_meta = None
        came.setdefault(uid, set()).add(header.to_json().encode())
    sent = {row.sop_uid for row in rows}
    return {
        "acknowledged": len(acknowledged),
        "acknowledged_lost": len(set(acknowledged) - received),
        "exams": len(exams),
        "exams_not_done": sum(row.state != "done" for row in exams),
        "results": len(rows),
        "results_not_made": len(exams) * kinds - len(by_exam),
        "results_doubled": sum(count > 1 for count in by_exam.values()),
        "missing_at_peer": len(sent - set(came)),
        "unknown_at_peer": len(set(came) - sent),
        "doubled_at_peer": sum(count > 1 for count in studies.values()),
        "differing_at_peer": sum(len(one) > 1 for one in came.values()),
        "sent_again_same_uid": receptions - len(came),
        "audit_broken_at": verify(home.path / "audit.jsonl") or 0,
    }


def kill_test(
    place: Path, films: Iterator[tuple[float, Dataset]], kills: int, *, kinds: Sequence[str], seed: int, longest: float
) -> dict[str, int | float]:
    """Kill the whole node `kills` times at random moments while it receives, reads and sends."""
    chance, home, port = random.Random(seed), Home(place / "home"), free_port()
    home.path.mkdir(parents=True)
    begun = time.monotonic()
    with storescp(place / "pacs") as peer, nest(__file__) as lives:
        (home.path / "hospital.toml").write_text(words(peer.port, kinds, 0.5))
        sender = Sender(port)
        sending = threading.Thread(target=sender.send, args=(films,), daemon=True)
        life = lives.life(home.path, port)
        try:
            sending.start()
            for _ in range(kills):
                time.sleep(chance.uniform(0.05, longest))
                life.end(signal.SIGKILL)
                life = lives.life(home.path, port)
            sender.stop.set()
            sending.join(60)
            until = time.monotonic() + 1800
            while not home.settled(1) and time.monotonic() < until:
                time.sleep(1.0)
        finally:
            sender.stop.set()
            life.end(signal.SIGTERM)
        return {
            "kills": kills, **outcome(home, peer, sender.acknowledged, len(kinds)),
            "seconds": round(time.monotonic() - begun, 1),
        }  # fmt: skip


if __name__ == "__main__":
    _nest()
