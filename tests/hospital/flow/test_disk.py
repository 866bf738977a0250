"""A disk that is really full, again and again, under the whole flow: everything waits, nothing is lost."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import update

from flow_lives import words
from flow_support import Flow, storescp
from prosvet.archive.files import sha256
from prosvet.core.audit import AuditLog, verify
from prosvet.core.context import Context
from prosvet.core.errors import ProsvetError
from prosvet.core.settings import load_settings
from prosvet.hospital.flow import deliver, worker
from prosvet.hospital.flow.deliver import Deliverer
from prosvet.hospital.flow.member import Turn
from prosvet.hospital.flow.queue import Queue
from prosvet.hospital.flow.routes import sender
from prosvet.hospital.flow.worker import Worker
from prosvet.hospital.ledger.schema import Exam

EXAMS = 4
KINDS = ("sr", "text_sr", "seg", "pdf")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)  # a worker that is ending may hold a file yet


class Ballast:
    """What fills a disk to its last byte."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "ballast"

    def fill(self) -> None:
        """Until the system refuses."""
        for size in (1 << 20, 4096, 1):
            try:
                with self._path.open("ab", buffering=0) as stream:
                    while stream.write(bytes(size)) == size:
                        pass
            except OSError:
                continue

    def away(self) -> None:
        """Room again."""
        self._path.unlink(missing_ok=True)


def test_a_full_disk_delays_exams_and_loses_nothing(
    small_disk: Path, dcmtk: str, film: Callable[..., Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_LATER", 0.4)
    monkeypatch.setattr(deliver, "_TROUBLE", 0.2)
    chance, ballast, stop, refused = random.Random(5), Ballast(small_disk), Event(), []
    put_off = Queue.put_off
    monkeypatch.setattr(Queue, "put_off", lambda *given: (refused.append(type(given[2])), put_off(*given))[1])
    with (
        storescp(tmp_path / "pacs") as peer,
        Context(load_settings({}, home=small_disk / "home", threads=1)) as context,
    ):
        made = Flow(context, words(peer.port, KINDS, 0.0))
        uids = [made.receive(film(number)) for number in range(EXAMS)]
        with made.ledger.write() as connection:
            connection.execute(update(Exam).values(state="ready"))
        queue, audit = Queue(made.ledger), AuditLog.from_context(context)
        works = Worker(queue, Turn(tmp_path / "turn"), made.config, made.ledger, context)
        sends = Deliverer(made.ledger, "pacs", sender("pacs", made.config), audit)
        threads = [Thread(target=one, args=(stop,), daemon=True) for one in (works, sends)]
        for thread in threads:
            thread.start()
        try:
            until = time.monotonic() + 90
            while time.monotonic() < until and not _settled(made, uids):
                ballast.fill()
                time.sleep(chance.uniform(0.05, 0.6))
                ballast.away()
                time.sleep(chance.uniform(0.1, 1.5))
        finally:
            ballast.away()
            stop.set()
            for thread in threads:
                thread.join(60)
        assert refused, "the disk was never in the way"
        assert [(made.exam(uid).state, made.exam(uid).attempts) for uid in uids] == [("done", 0)] * EXAMS
        rows = made.outgoing()
        assert sorted((row.study_uid, row.kind) for row in rows) == sorted(
            (uid, kind) for uid in uids for kind in KINDS
        )
        assert {row.state for row in rows} == {"sent"}
        assert sorted(set(peer.uids())) == sorted(row.sop_uid for row in rows)
        held = made.ledger.files
        assert all(sha256(held.path(row.sha256).read_bytes()) == row.sha256 for row in rows)
        assert not list(small_disk.rglob(".new-*")), "no half file stays"
        assert verify(small_disk / "home" / "audit.jsonl") is None


def _settled(flow: Flow, uids: list[str]) -> bool:
    try:
        exams = [flow.exam(uid).state for uid in uids]
        return all(state == "done" for state in exams) and not any(r.state == "waiting" for r in flow.outgoing())
    except ProsvetError:  # a full disk may refuse a reader too: it looks again
        return False
