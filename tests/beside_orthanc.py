"""A real Orthanc with the configuration that we ship, on free ports and in a folder of the test's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hospital_node import free_place

__all__ = ["DEPLOY", "Orthanc", "orthanc"]

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"


class Orthanc:
    """Its REST interface."""

    def __init__(self, port: int, dicom_port: int, log: Path) -> None:
        self.url, self.dicom_port, self.log = f"http://127.0.0.1:{port}", dicom_port, log

    def ask(self, path: str, body: bytes | None = None) -> Any:
        """The answer to a GET, or to a POST of `body`, as JSON."""
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", data=body), timeout=20) as answer:
            return json.loads(answer.read())

    def modalities(self) -> list[str]:
        """Modalities of all series that are there, in order."""
        return sorted(one["MainDicomTags"]["Modality"] for one in self.ask("/series?expand"))


@contextmanager
def orthanc(folder: Path, prosvet_port: int, dicom_port: int | None = None) -> Iterator[Orthanc]:
    """Orthanc by ``deploy/orthanc``, whose ports, folders and age of a stable study alone are the test's."""
    program = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
    if not Path(program).exists():
        pytest.skip("Orthanc is not installed")
    port, wire = free_place()[1], dicom_port or free_place()[1]
    (folder / "orthanc").mkdir(parents=True, exist_ok=True)
    words = json.loads((DEPLOY / "orthanc" / "orthanc.json").read_text())
    words |= {
        "StorageDirectory": str(folder / "orthanc"), "IndexDirectory": str(folder / "orthanc"), "HttpPort": port,
        "DicomPort": wire, "LuaScripts": [str(DEPLOY / "orthanc" / "prosvet.lua")], "StableAge": 1,
    }  # fmt: skip
    words["DicomModalities"]["prosvet"]["Port"] = prosvet_port
    (folder / "orthanc.json").write_text(json.dumps(words))
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        made = Orthanc(port, wire, folder / "orthanc.log")
        until = time.monotonic() + 60
        while True:
            try:
                made.ask("/system")
                break
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > until or process.poll() is not None:
                    raise
                time.sleep(0.2)
        yield made
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
