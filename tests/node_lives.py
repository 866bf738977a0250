"""Lives and deaths of a DICOM node: processes that are started quickly and killed, and senders that write down
what was acknowledged. Shared by the tests of the node and its benchmark.

``python node_lives.py nest`` waits for orders on standard input and forks a node for each (imports are paid once);
``python node_lives.py send PORT FOLDER THREADS SEED FILM...`` sends until it is stopped.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from forked import Life, free_port, hatch, nest
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.ledger.schema import Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["Home", "kill_test", "node_process"]


@dataclass(frozen=True)
class Home:
    """A node's home, looked at from outside."""

    path: Path

    def rows(self) -> dict[str, str]:
        """SOPInstanceUID to the file's hash, of all that the ledger holds."""
        ledger = Ledger(self.path / "hospital")
        try:
            with ledger.read() as connection:
                rows = connection.execute(select(Received.sop_uid, Received.sha256))
                return {uid: name for uid, name in rows}
        finally:
            ledger.close()

    def file(self, name: str) -> Path:
        """Where the file `name` lies."""
        return self.path / "hospital" / "objects" / name[:2] / name[2:]

    def check(self) -> tuple[int, int]:
        """How many objects are kept, and how many of them are missing or damaged on the disk."""
        rows = self.rows()
        damaged = sum(_hash(self.file(name)) != name for name in rows.values())
        return len(rows), damaged


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@contextmanager
def node_process(home: Home) -> Iterator[Life]:
    """One node in a process of its own, stopped by SIGTERM."""
    with nest(__file__) as place:
        made = place.life(home.path, free_port())
        try:
            yield made
        finally:
            made.end(signal.SIGTERM)


def _serve(home: str, port: int) -> None:
    """One life: a node that receives, over `home`."""
    from prosvet.hospital.node import serve

    with Context(load_settings({}, home=home, threads=1)) as context:
        serve(HospitalConfig().told(port=port), context)


def _nest() -> None:
    import prosvet.hospital.node.service  # noqa: F401 - loaded before the fork, so that no life pays for it

    hatch(_serve)


# ---------------------------------------------------------------- senders


def _send(port: int, folder: Path, threads: int, seed: int, films: Sequence[Path]) -> None:
    """Send copies with fresh UIDs until SIGTERM; ``acknowledged-N`` holds UID and hash of each that was answered."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    workers = [
        threading.Thread(
            target=_sender, args=(port, folder / f"acknowledged-{number}", f"{seed}.{number}", films, over)
        )
        for number in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _sender(port: int, log: Path, root: str, films: Sequence[Path], over: threading.Event) -> None:
    from pydicom import dcmread
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.dsutils import encode

    templates = [dcmread(film) for film in films]
    entity = ApplicationEntity("SENDER")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
    for template in templates:
        entity.add_requested_context(template.SOPClassUID, template.file_meta.TransferSyntaxUID)
    numbers = itertools.count(1)
    with log.open("a", buffering=1) as acknowledged:
        while not over.is_set():
            association = entity.associate("127.0.0.1", port, ae_title="PROSVET")
            while association.is_established and not over.is_set():
                number = next(numbers)
                one = templates[0 if number % 25 == 0 else -1]
                one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.{root}.3.{number}"
                one.StudyInstanceUID = f"1.2.826.{root}.1.{number // 4}"
                syntax = one.file_meta.TransferSyntaxUID
                data = encode(one, syntax.is_implicit_VR, syntax.is_little_endian) or b""
                try:
                    status = association.send_c_store(one)
                except (RuntimeError, ValueError):  # the association has ended under it
                    break
                if status and status.Status == 0:
                    acknowledged.write(f"{one.SOPInstanceUID} {hashlib.sha256(data).hexdigest()}\n")
            if association.is_established:
                association.release()
            over.wait(0.02)


def kill_test(
    place: Path, kills: int, senders: int, seed: int, film: Path, small: Path, longest: float = 1.0
) -> dict[str, int | float]:
    """Kill the node `kills` times at random moments while it receives; count what it acknowledged and has lost."""
    chance, home, port = random.Random(seed), Home(place / "home"), free_port()
    command = [sys.executable, str(Path(__file__).resolve()), "send", str(port), str(place), str(senders), str(seed)]
    began = time.monotonic()
    with nest(__file__) as lives:
        life = lives.life(home.path, port)
        sending = subprocess.Popen([*command, str(film), str(small)], stderr=subprocess.DEVNULL)
        try:
            time.sleep(2.0)  # until the senders have loaded what they need
            for _ in range(kills):
                time.sleep(chance.uniform(0.02, longest))
                life.end(signal.SIGKILL)
                life = lives.life(home.path, port)
            time.sleep(longest)
        finally:
            sending.terminate()
            sending.wait(timeout=60)
            life.end(signal.SIGTERM)
    return {"kills": kills, **_lost(place, home), "seconds": round(time.monotonic() - began, 1)}


def _lost(place: Path, home: Home) -> dict[str, int | float]:
    acknowledged = dict(line.split() for log in place.glob("acknowledged-*") for line in log.read_text().splitlines())
    rows = home.rows()
    missing = [uid for uid in acknowledged if uid not in rows]
    other = [uid for uid, data in acknowledged.items() if uid in rows and _data_hash(home.file(rows[uid])) != data]
    return {
        "acknowledged": len(acknowledged),
        "kept": len(rows),
        "lost": len(missing),
        "of_other_content": len(other),
        "damaged": home.check()[1],
        "audit_broken_at": verify(home.path / "audit.jsonl") or 0,
        "bytes": sum(home.file(name).stat().st_size for name in rows.values() if home.file(name).is_file()),
    }


def _data_hash(path: Path) -> str:
    """Hash of the data set of a kept file, without its header."""
    if not path.is_file():
        return ""
    data = path.read_bytes()
    return hashlib.sha256(data[144 + int.from_bytes(data[140:144], "little") :]).hexdigest()


if __name__ == "__main__":
    if sys.argv[1] == "nest":
        _nest()
    else:
        _, _, port_, folder_, threads_, seed_, *films_ = sys.argv
        _send(int(port_), Path(folder_), int(threads_), int(seed_), [Path(name) for name in films_])
