"""What the tests of the pipeline share: exams in the ledger, and real receivers of dcmtk."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import insert, select

from forked import free_port, wait_for
from hospital_films import fresh_uid
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.hospital.config import FILE, HospitalConfig, load_config
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.identify import Identity
from prosvet.hospital.node.rows import Arrival, enter
from prosvet.hospital.node.spool import Spooled
from prosvet.hospital.objects import write

__all__ = ["Flow", "Peer", "gone", "post", "storescp"]


def gone(port: int, seconds: float = 30.0) -> bool:
    """Whether nobody listens on `port` any more, in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) != 0:
                return True
        time.sleep(0.1)
    return False


class Flow:
    """A home's ledger with what the node would have written into it."""

    def __init__(self, context: Context, words: str = "") -> None:
        context.settings.home.mkdir(parents=True, exist_ok=True)
        (context.settings.home / FILE).write_text(words, encoding="utf-8")
        self.context, self.ledger = context, context.get(Ledger)
        self.config: HospitalConfig = load_config(context)

    def receive(self, *films: Dataset, passed_by: str | None = None, late: float = 0.0) -> str:
        """Keep `films` as the node does; ``late`` seconds past their deadline. Returns the StudyInstanceUID."""
        arrivals = [self._arrival(film, passed_by) for film in films]
        with self.ledger.write() as connection:
            enter(connection, arrivals, now(), timedelta(minutes=10) if not late else timedelta(seconds=-late))
        return str(films[0].StudyInstanceUID)

    def _arrival(self, film: Dataset, passed_by: str | None) -> Arrival:
        data = write(film)
        name = self.ledger.files.add(data)
        identity = Identity(
            str(film.SOPClassUID), str(film.SOPInstanceUID), str(film.StudyInstanceUID), str(film.SeriesInstanceUID),
            str(film.get("Modality", "")), str(film.get("BodyPartExamined", "")), str(film.get("PatientID", "")),
        )  # fmt: skip
        spooled = Spooled(self.ledger.files.path(name), name, len(data), 0)
        return Arrival(identity, spooled, str(film.file_meta.TransferSyntaxUID), "DEVICE", "P", "S", passed_by)

    def exam(self, uid: str) -> Any:
        """One exam's row."""
        with self.ledger.read() as connection:
            return connection.execute(select(Exam.__table__).where(Exam.study_uid == uid)).one()

    def objects(self, uid: str) -> list[Any]:
        """An exam's objects, in the order they came."""
        query = select(Received.__table__).where(Received.study_uid == uid).order_by(Received.number)
        with self.ledger.read() as connection:
            return list(connection.execute(query).all())

    def outgoing(self) -> list[Any]:
        """The whole outbox."""
        with self.ledger.read() as connection:
            return list(connection.execute(select(Outgoing.__table__).order_by(Outgoing.id)).all())


class Peer:
    """dcmtk's storescp: what it was sent lies in ``folder``."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def uids(self) -> list[str]:
        """SOPInstanceUIDs of what it holds; a UID that came twice under two names is there twice."""
        return sorted(
            str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in self.folder.iterdir()
        )  # fmt: skip


@contextmanager
def storescp(folder: Path, port: int | None = None, *options: str) -> Iterator[Peer]:
    """A storescp that keeps each object it is sent under a name of its own: one that came twice is seen twice."""
    program, number = shutil.which("storescp"), port or free_port()
    if program is None:
        raise FileNotFoundError("storescp")
    folder.mkdir(parents=True, exist_ok=True)
    command = [program, "--fork", "+B", "+uf", "-od", str(folder), "-aet", "PACS", *options, str(number)]
    one = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(number)
        yield Peer(folder, number)
    finally:
        one.terminate()
        one.wait(timeout=20)


def post(flow: Flow, film: Dataset, destination: str = "pacs", *, priority: int = 0) -> int:
    """A result that waits for `destination`: any object does. Returns its number."""
    uid = str(film.StudyInstanceUID)
    with flow.ledger.read() as connection:
        known = connection.execute(select(Exam.study_uid).where(Exam.study_uid == uid)).first()
    if known is None:
        flow.receive(film)
    data, at = write(film), now()
    row = {
        "study_uid": uid, "kind": "sc", "destination": destination, "made_of": fresh_uid(),
        "sop_uid": str(film.SOPInstanceUID), "sop_class": str(film.SOPClassUID), "sha256": flow.ledger.files.add(data),
        "bytes": len(data), "priority": priority, "state": "waiting", "attempts": 0, "next_at": at, "created": at,
    }  # fmt: skip
    with flow.ledger.write() as connection:
        done = insert(Outgoing).values(row).returning(Outgoing.id)
        return int(connection.execute(done).scalar_one())
