"""Other systems that look in the node and fetch from it: dcmtk's programs, and what they find there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import insert

from hospital_node import Receiver, fresh
from peer_systems import film_file
from prosvet.core.clock import now
from prosvet.hospital.ledger.schema import Outgoing
from prosvet.hospital.objects import write

__all__ = ["DEVICE", "audited", "below", "film", "film_of", "found", "result", "station", "tool"]

DEVICE = '[[peers]]\nname = "device"\naet = "SENDER"\nhost = "127.0.0.1"\nport = 104\nmay_send = true\n'


def station(port: int = 104, aet: str = "STATION") -> str:
    """A workstation that may look and fetch."""
    return f'[[peers]]\nname = "station"\naet = "{aet}"\nhost = "127.0.0.1"\nport = {port}\nmay_query_us = true\n'


def film(folder: Path, study: str, number: int = 1, **header: str) -> Dataset:
    """A small film that is not sent yet."""
    return dcmread(film_file(folder, study, number, **header))


def result(one: Receiver, film: Dataset, *, destinations: tuple[str, ...] = ("pacs", "archive")) -> Dataset:
    """A secondary capture in the outbox, of the film's study, for several destinations."""
    made = fresh(film)
    made.StudyInstanceUID = film.StudyInstanceUID
    data = write(made)
    row = {
        "study_uid": str(film.StudyInstanceUID), "kind": "sc", "made_of": "m", "sop_uid": str(made.SOPInstanceUID),
        "sop_class": str(made.SOPClassUID), "sha256": one.ledger.files.add(data), "bytes": len(data), "priority": 0,
        "state": "confirmed", "attempts": 1, "next_at": now(), "created": now(),
    }  # fmt: skip
    with one.ledger.write() as db:
        db.execute(insert(Outgoing), [row | {"destination": name} for name in destinations])
    return made


def tool(
    name: str, one: Receiver, *keys: str, options: tuple[str, ...] = (), aet: str = "STATION", root: str = "-S"
) -> tuple[int, str]:
    """Run a program of dcmtk against the node; its exit status and what it said."""
    command = [name, root, "-aet", aet, "-aec", "PROSVET", *options, one.host, str(one.port)]
    command += [part for key in keys for part in ("-k", key)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def found(one: Receiver, folder: Path, *keys: str) -> list[Dataset]:
    """What findscu found."""
    folder.mkdir(parents=True, exist_ok=True)
    code, said = tool("findscu", one, *keys, options=("-X", "-od", str(folder)))
    assert code == 0, said
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]


def audited(one: Receiver, event: str) -> list[dict[str, Any]]:
    """The lines of one event in the audit log."""
    lines = (one.context.settings.home / "audit.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["event"] == event]


def film_of(one: Receiver) -> Dataset:
    """A film that the node has not got, made of one that it has."""
    return fresh(dcmread(one.ledger.files.path(one.rows()[0].sha256)))


def below(one: Receiver, folder: Path, *keys: str) -> list[Dataset]:
    """What findscu finds from the patient root."""
    folder.mkdir(parents=True)
    code, said = tool("findscu", one, *keys, options=("-X", "-od", str(folder)), root="-P")
    assert code == 0, said
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]
