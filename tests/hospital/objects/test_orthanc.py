"""A real PACS takes every kind and files it under the film's own study."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prosvet.hospital.objects import KINDS, make, write
from prosvet.imaging.geometry import Box
from result_films import AT, square_results, wrapped


class Pacs:
    """The REST interface of one Orthanc."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(f"{self.url}{path}", data=body)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    program = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
    if not Path(program).exists():
        pytest.skip("Orthanc is not installed")
    port = _free()
    settings = {
        "StorageDirectory": str(tmp_path / "db"), "IndexDirectory": str(tmp_path / "db"), "HttpPort": port,
        "DicomServerEnabled": False, "AuthenticationEnabled": False, "RemoteAccessAllowed": False, "Plugins": [],
    }  # fmt: skip
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    process = subprocess.Popen(
        [program, str(tmp_path / "orthanc.json")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        made = Pacs(port)
        for _ in range(100):
            try:
                made.ask("/system")
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        yield made
    finally:
        process.terminate()
        process.wait(20)


def test_every_kind_is_stored_in_the_same_study(pacs: Pacs) -> None:
    source = wrapped(np.random.default_rng(2).random((64, 48), dtype=np.float32))
    pacs.ask("/instances", write(source))
    results = square_results(source, Box(20, 12, 40, 30))
    for kind in KINDS:
        answer = pacs.ask("/instances", write(make(kind, [source], results, made_of="a", at=AT)))
        assert answer["Status"] == "Success"
        again = pacs.ask("/instances", write(make(kind, [source], results, made_of="a", at=AT)))
        assert again["Status"] == "AlreadyStored"
    (study,) = (pacs.ask(f"/studies/{one}") for one in pacs.ask("/studies"))
    assert study["MainDicomTags"]["StudyInstanceUID"] == source.StudyInstanceUID
    series = [pacs.ask(f"/series/{one}")["MainDicomTags"] for one in study["Series"]]
    assert sorted(one["Modality"] for one in series) == ["CR", "DOC", "OT", "SEG", "SR", "SR"]
    assert study["PatientMainDicomTags"]["PatientName"] == "Иванова^Мария^Петровна"
