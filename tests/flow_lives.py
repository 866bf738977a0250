"""Lives and deaths of a whole node (receiving, reading, sending), and what its peers hold in the end.

``python flow_lives.py nest`` waits for orders on standard input and forks a node for each (imports are paid once).
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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

__all__ = ["Home", "Peers", "Progress", "Sender", "kill_test", "outcome", "words"]


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
    """Sends films one after another, each until it is acknowledged.

    ``log`` has a line for each object that it was told is kept, also of earlier senders of the same test.
    """

    port: int
    log: Path
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
                    with self.log.open("a") as lines:
                        lines.write(f"{film.SOPInstanceUID}\n")
                    break
                self.stop.wait(0.05)
            if self.stop.is_set():
                break
        if association is not None and association.is_established:
            association.release()

    def acknowledged(self) -> list[str]:
        """SOPInstanceUIDs of what is kept."""
        return self.log.read_text().split() if self.log.exists() else []


def _stored(association: Any, film: Dataset) -> bool:
    try:
        status = association.send_c_store(film)
    except (RuntimeError, ValueError):  # the association has ended under it
        return False
    return "Status" in status and status.Status == 0


# ---------------------------------------------------------------- what has become of it


@dataclass
class Progress:
    """How far a long test has come, in a file: one that was stopped goes on from there.

    Attributes
    ----------
    seconds : float
        Of all its runs together.
    done : int
        Kills, so far.
    """

    path: Path
    seconds: float = 0.0
    done: int = 0

    def __post_init__(self) -> None:
        if self.path.exists():
            known = json.loads(self.path.read_text())
            self.seconds, self.done = known["seconds"], known["done"]
        self._begun, self._before = time.monotonic(), self.seconds

    def tick(self, done: int = 0) -> float:
        """Write down where we are; returns the seconds so far."""
        self.seconds, self.done = self._before + time.monotonic() - self._begun, self.done + done
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"seconds": self.seconds, "done": self.done}))
        fresh.replace(self.path)
        return self.seconds


class Peers:
    """What came to a peer, written down line by line, so that a day's pictures need not lie on the disk twice."""

    def __init__(self, peer: Peer, log: Path) -> None:
        self._peer, self._log = peer, log

    def take(self, older: float = 5.0) -> None:
        """Write down and remove what has lain there for some seconds (dcmtk is done with it by then)."""
        with self._log.open("a") as lines:
            for path in list(self._peer.folder.iterdir()):
                try:
                    old_enough = time.time() - path.stat().st_mtime >= older
                except FileNotFoundError:
                    continue  # half an object, which dcmtk took away when its sender was killed
                if old_enough:
                    one = dcmread(path)
                    place = f"{one.StudyInstanceUID}/{one.SeriesNumber}"
                    one.file_meta, digest = None, hashlib.sha256()
                    for element in (each for each in one.iterall() if each.VR != "SQ"):
                        digest.update(f"{element.tag}{element.VR}".encode())
                        digest.update(element.value if isinstance(element.value, bytes) else repr(element).encode())
                    lines.write(f"{one.SOPInstanceUID} {place} {digest.hexdigest()}\n")
                    lines.flush()
                    path.unlink()

    def came(self) -> list[tuple[str, str, str]]:
        """UID, study and series, hash of the data set: of each object that came, as often as it came."""
        self.take(0.0)
        return [(uid, place, digest) for uid, place, digest in map(str.split, self._log.read_text().splitlines())]


def outcome(home: Home, peers: Peers, acknowledged: Sequence[str], kinds: int) -> dict[str, int]:
    """What was lost, missing or doubled: acknowledged objects, results in the ledger, results at the peer."""
    received = {row.sop_uid for row in home.rows(Received)}
    exams, rows = home.rows(Exam), home.rows(Outgoing)
    by_exam = Counter((row.study_uid, row.kind, row.destination) for row in rows)
    came = peers.came()
    contents, places = {(uid, digest) for uid, _, digest in came}, {(uid, place) for uid, place, _ in came}
    uids, sent = {uid for uid, _, _ in came}, {row.sop_uid for row in rows}
    return {
        "acknowledged": len(acknowledged),
        "acknowledged_lost": len(set(acknowledged) - received),
        "exams": len(exams),
        "exams_not_done": sum(row.state != "done" for row in exams),
        "results": len(rows),
        "results_not_made": len(exams) * kinds - len(by_exam),
        "results_doubled": sum(count > 1 for count in by_exam.values()),
        "missing_at_peer": len(sent - uids),
        "unknown_at_peer": len(uids - sent),
        "doubled_at_peer": sum(count > 1 for count in Counter(place for _, place in places).values()),
        "differing_at_peer": len(contents) - len(uids),
        "sent_again_same_uid": len(came) - len(uids),
        "audit_broken_at": verify(home.path / "audit.jsonl") or 0,
    }


def kill_test(
    place: Path,
    films: Iterator[tuple[float, Dataset]],
    kills: int,
    *,
    kinds: Sequence[str],
    seed: int,
    longest: float,
    told: Callable[[int, float], None] = lambda *_: None,
) -> dict[str, int | float]:
    """Kill the whole node `kills` times at random moments while it receives, reads and sends.

    What lies in `place` of a test that was stopped is gone on with; `told` hears of the kills and seconds so far.
    """
    home, port = Home(place / "home"), free_port()
    home.path.mkdir(parents=True, exist_ok=True)
    progress = Progress(place / "progress.json")
    chance = random.Random(seed + progress.done)
    with storescp(place / "pacs") as peer, nest(__file__) as lives:
        (home.path / "hospital.toml").write_text(words(peer.port, kinds, 0.5))
        sender, peers = Sender(port, place / "acknowledged"), Peers(peer, place / "came")
        sending = threading.Thread(target=sender.send, args=(films,), daemon=True)
        life = lives.life(home.path, port)
        try:
            sending.start()
            while progress.done < kills:
                time.sleep(chance.uniform(0.05, longest))
                life.end(signal.SIGKILL)
                told(progress.done + 1, progress.tick(1))
                peers.take()
                life = lives.life(home.path, port)
            sender.stop.set()
            sending.join(60)
            until = time.monotonic() + 1800
            while not home.settled(1) and time.monotonic() < until:
                time.sleep(1.0)
        finally:
            sender.stop.set()
            life.end(signal.SIGTERM)
        found = outcome(home, peers, sender.acknowledged(), len(kinds))
        return {"kills": progress.done, **found, "seconds": round(progress.tick(), 1)}


if __name__ == "__main__":
    _nest()
