"""The whole way with a real PACS under kill -9: films in, results answered for, signatures out; each thing once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom.ae import ApplicationEntity
from sqlalchemy import select

from forked import free_port, wait_for
from peer_systems import orthanc
from prosvet.core.actor import Actor
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.hospital.ledger.schema import Exam, Outgoing
from prosvet.hospital.ledger.store import Ledger
from prosvet.reading.protocols.api import ProtocolRequest, ProtocolResult
from prosvet.reading.protocols.api import run as protocol

WORDS = """
[[peers]]
name = "pacs"
aet = "ORTHANC"
host = "127.0.0.1"
port = {port}
commitment = true
[[peers]]
name = "device"
aet = "DEVICE"
host = "127.0.0.1"
port = 104
may_send = true
[routing]
end_of_study_seconds = 1
[results]
kinds = ["sr", "text_sr", "sc"]
destinations = ["pacs"]
"""


class Node:
    """``prosvet node`` in a process group of its own, which is killed whole."""

    def __init__(self, home: Path, port: int) -> None:
        self._command = [sys.executable, "-m", "prosvet", "node", "--home", str(home), "--port", str(port)]
        self.kills = 0
        self._begin()

    def _begin(self) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet, start_new_session=True)

    def end(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)
        self._process.wait(60)

    def kill(self) -> None:
        self.end(signal.SIGKILL)
        self.kills += 1
        self._begin()


def outgoing(ledger: Ledger) -> list[Any]:
    with ledger.read() as db:
        return list(db.execute(select(Outgoing.__table__)).all())


def all_confirmed(ledger: Ledger, node: Node, results: int, kills: int, chance: random.Random) -> bool:
    """Kill so many times at random moments, then let it work; whether all is answered for in the end."""
    until = time.monotonic() + 240
    while time.monotonic() < until:
        rows = outgoing(ledger)
        if len(rows) >= results and {row.state for row in rows} == {"confirmed"}:
            return True
        time.sleep(chance.uniform(2, 8))
        if node.kills < kills:
            node.kill()
    return False


def sign(context: Context, study: str) -> None:
    reader = context.child(actor=Actor("petrova", "reader"), lang="ru")

    def step(action: str, **values: object) -> ProtocolResult:
        return protocol(ProtocolRequest.model_validate({"action": action, "study": study, **values}), reader)

    drafted = step("draft")
    assert drafted.protocol is not None
    first, *rest = drafted.protocol.content.lines
    changes = [{"line": one.id, "decision": "rejected"} for one in rest]
    changes.append({"line": first.id, "text": "Пневмоторакс слева. Выпота нет."})
    base = step("save", base=drafted.base, changes=changes).base
    step("sign", base=base, reasons={problem.rule: "проверено" for problem in step("check").problems})


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_films_results_and_signatures_are_each_there_once_after_kills(
    context: Context, film: Callable[..., Dataset], tmp_path: Path
) -> None:
    home, ours, chance = context.settings.home, free_port(), random.Random(3)
    home.mkdir(parents=True, exist_ok=True)
    (tmp_path / "pacs").mkdir()
    films = [film(number, patient=str(100 + number)) for number in range(3)]
    with orthanc(tmp_path / "pacs", ours) as pacs:
        (home / "hospital.toml").write_text(WORDS.format(port=pacs.peer.port))
        node = Node(home, ours)
        try:
            wait_for(ours)
            entity = ApplicationEntity("DEVICE")
            entity.add_requested_context(films[0].SOPClassUID)
            sending = entity.associate("127.0.0.1", ours, ae_title="PROSVET")
            assert [int(sending.send_c_store(one).Status) for one in films] == [0] * 3
            sending.release()
            ledger = context.get(Ledger)
            assert all_confirmed(ledger, node, 9, 3, chance)
            with ledger.read() as db:
                studies = db.execute(select(Exam.study)).scalars().all()
            for study in studies:
                sign(context, str(study))
            assert all_confirmed(ledger, node, 15, 6, chance)
            rows = outgoing(ledger)
            there = [one["MainDicomTags"]["SOPInstanceUID"] for one in pacs.ask("/instances?expand")]
            assert sorted(there) == sorted(row.sop_uid for row in rows)
            assert len(set(there)) == len(rows) == 15
        finally:
            node.end(signal.SIGTERM)
    assert verify(home / "audit.jsonl") is None
