"""Orthanc beside us, as we ship its configuration: a study stored there is read here, and its results are there."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from sqlalchemy import select

from beside_orthanc import DEPLOY, orthanc
from hospital_node import free_place, soon
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.hospital.config import load_config
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.objects import write
from result_films import wrapped

PLANTED = ("Иванова", "Мария", "A-77", "2.25.1001")


@contextmanager
def node(home: Path, port: int, dicom_port: int, log: Path) -> Iterator[None]:
    """`prosvet node` in a process of its own, with the ``hospital.toml`` that we ship."""
    home.mkdir(parents=True, exist_ok=True)
    words = (DEPLOY / "orthanc" / "hospital.toml").read_text()
    words = words.replace("11112", str(port)).replace("4242", str(dicom_port))
    (home / "hospital.toml").write_text(words + "\n[routing]\nend_of_study_seconds = 1\n")
    command = [sys.executable, "-m", "prosvet", "node", "--home", str(home), "--log-format", "json", "-vv"]
    environment = os.environ | {"PROSVET_THREADS": "1"}
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def film(shared_data: Path) -> bytes:
    """A real chest film as a CR object of an invented patient."""
    name = sorted((shared_data / "fullsize").glob("*.png"))[0]
    picture = Picture.open(name).convert("L")
    picture.thumbnail((1024, 1024))
    return write(wrapped(np.asarray(picture, dtype=np.float32) / 255))


def ledger_rows(home: Path, table: type) -> list[str]:
    """States in the ledger."""
    with Context(load_settings({}, home=home, threads=1)) as context, context.get(Ledger).read() as db:
        return list(db.execute(select(table.state).order_by(table.state)).scalars())


def test_a_study_goes_and_its_results_come_back(own_home: Path, film: bytes, tmp_path: Path) -> None:
    port, dicom_port, log = free_place()[1], free_place()[1], tmp_path / "node.log"
    with orthanc(tmp_path, port, dicom_port) as pacs, node(own_home, port, dicom_port, log):
        assert soon(lambda: _listens(port), 60)
        pacs.ask("/instances", film)
        assert soon(lambda: "read" in ledger_rows(own_home, Received), 120), log.read_text()[-3000:]
        assert soon(lambda: {"SR", "SEG", "OT"} <= set(pacs.modalities()), 120), _told(own_home, log)
        (study,) = pacs.ask("/studies?expand")
        assert study["PatientMainDicomTags"]["PatientName"] == "Иванова^Мария^Петровна"
        assert soon(lambda: set(ledger_rows(own_home, Outgoing)) <= {"sent", "confirmed"}, 60)
        count = len(pacs.ask("/instances"))
        # What came back makes the study stable once more: nothing is sent in a circle.
        time.sleep(6)
        assert len(pacs.ask("/instances")) == count
        assert ledger_rows(own_home, Received) == ["read"]
        assert set(ledger_rows(own_home, Exam)) == {"done"}
    for trace in PLANTED:
        assert trace not in log.read_text(), trace
        assert trace not in (own_home / "audit.jsonl").read_text()
    assert verify(own_home / "audit.jsonl") is None
    for line in log.read_text().splitlines():
        if line.startswith("{"):
            assert {"at", "level", "logger", "message"} <= set(json.loads(line))


def _told(home: Path, log: Path) -> str:
    return f"{ledger_rows(home, Exam)} {ledger_rows(home, Outgoing)}\n{log.read_text()[-3000:]}"


def test_a_study_that_could_not_be_sent_goes_later(own_home: Path, film: bytes, tmp_path: Path) -> None:
    port, dicom_port = free_place()[1], free_place()[1]
    with orthanc(tmp_path, port, dicom_port) as pacs:
        pacs.ask("/instances", film)
        assert soon(lambda: b"Connection refused" in pacs.log.read_bytes(), 60)
    with node(own_home, port, dicom_port, tmp_path / "node.log"):
        assert soon(lambda: _listens(port), 60)
        with orthanc(tmp_path, port, dicom_port):
            assert soon(lambda: ledger_rows(own_home, Received) != [], 60)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_shipped_files_listen_to_this_computer_alone(own_home: Path) -> None:
    words = json.loads((DEPLOY / "orthanc" / "orthanc.json").read_text())
    assert words["HttpBindAddresses"] == ["127.0.0.1"]
    assert words["RemoteAccessAllowed"] is False
    assert words["DefaultEncoding"] == "Utf8"
    own_home.mkdir(parents=True)
    (own_home / "hospital.toml").write_text((DEPLOY / "orthanc" / "hospital.toml").read_text())
    with Context(load_settings({}, home=own_home)) as context:
        config = load_config(context)
    assert config.node.host == "127.0.0.1"
    peer = config.peer("orthanc")
    assert (peer.aet, peer.port) == (words["DicomAet"], words["DicomPort"])
    told = words["DicomModalities"]["prosvet"]
    assert (told["AET"], told["Port"], told["Host"]) == (config.node.aet, config.node.port, config.node.host)
    container = json.loads((DEPLOY / "orthanc" / "orthanc.container.json").read_text())
    assert container | {"Plugins": []} == words | {"Plugins": []}
