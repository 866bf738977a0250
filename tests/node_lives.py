"""Lives and deaths of a DICOM node: processes that are started quickly and killed, and senders that write down
what was acknowledged. Shared by the tests of the node and its benchmark.

``python node_lives.py nest`` waits for orders on standard input and forks a node for each (imports are paid once);
``python node_lives.py send PORT FOLDER THREADS SEED FILM...`` sends until it is stopped.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.ledger.schema import Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["Home", "Node", "free_port", "kill_test", "nest", "node_process", "wait_for"]


def free_port() -> int:
    """A port of this computer that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int, seconds: float = 60.0) -> None:
    """Wait until somebody listens on `port`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nobody listens on {port}")


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


@dataclass
class Node:
    """A node's process."""

    pid: int
    port: int

    def rss_mb(self) -> float:
        """Resident memory, MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu_seconds(self) -> float:
        """Processor time spent so far."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def end(self, number: signal.Signals, seconds: float = 30.0) -> None:
        """Send a signal and wait until the process has gone."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + seconds
        while Path(f"/proc/{self.pid}").exists():
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
                raise TimeoutError("the node did not end")
            time.sleep(0.005)


class _Nest:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def node(self, home: Home, port: int) -> Node:
        """A new node over `home`; it listens when this returns."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the nest has no pipes")
        self._process.stdin.write(f"{home.path}\t{port}\n")
        self._process.stdin.flush()
        made = Node(int(self._process.stdout.readline()), port)
        wait_for(port)
        return made


@contextmanager
def nest() -> Iterator[_Nest]:
    """Where nodes come from: a process that has all modules loaded and forks."""
    command = [sys.executable, str(Path(__file__).resolve()), "nest"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _Nest(process)
        finally:
            process.terminate()


@contextmanager
def node_process(home: Home) -> Iterator[Node]:
    """One node in a process of its own, stopped by SIGTERM."""
    with nest() as place:
        made = place.node(home, free_port())
        try:
            yield made
        finally:
            made.end(signal.SIGTERM)


def _hatch() -> None:
    """The nest's own loop."""
    import prosvet.hospital.node.service  # noqa: F401 - loaded before the fork, so that no life pays for it
    from prosvet.hospital.node import serve

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        home, port = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with Context(load_settings({}, home=home, threads=1)) as context:
                serve(HospitalConfig().told(port=int(port)), context)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


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
    with nest() as lives:
        life = lives.node(home, port)
        sending = subprocess.Popen([*command, str(film), str(small)], stderr=subprocess.DEVNULL)
        try:
            time.sleep(2.0)  # until the senders have loaded what they need
            for _ in range(kills):
                time.sleep(chance.uniform(0.02, longest))
                life.end(signal.SIGKILL)
                life = lives.node(home, port)
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
        _hatch()
    else:
        _, _, port_, folder_, threads_, seed_, *films_ = sys.argv
        _send(int(port_), Path(folder_), int(threads_), int(seed_), [Path(name) for name in films_])
