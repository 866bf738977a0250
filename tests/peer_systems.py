"""The hospital's systems for tests: a real Orthanc, a real dcmqrscp, and servers of our own that lie or are slow."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from forked import free_port, wait_for
from prosvet.hospital.config import Peer
from prosvet.hospital.objects import write
from result_films import wrapped
from served import answering

__all__ = ["Line", "Orthanc", "Site", "a_site", "dcmqrscp", "film_file", "line", "orthanc", "worklist_item"]

_PLUGINS = Path("/usr/share/orthanc/plugins")


def film_file(folder: Path, study: str = "2.25.1001", number: int = 1, **header: str) -> Path:
    """A small CR film of an invented patient, with whatever else `header` says."""
    film = wrapped(np.random.default_rng(number).random((64, 48), dtype=np.float32), study=study, number=number)
    for keyword, value in header.items():
        setattr(film, keyword, value)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{study}-{number}.dcm"
    path.write_bytes(write(film))
    return path


# ---------------------------------------------------------------- programs


@contextmanager
def _running(command: list[str], *ports: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for port in ports:
            wait_for(port)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@dataclass(frozen=True)
class Orthanc:
    """A running Orthanc."""

    peer: Peer
    url: str

    def ask(self, place: str, body: object | None = None) -> Any:
        """Its own REST interface."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}{place}", data=data), timeout=20) as answer:
            return json.loads(answer.read())


@contextmanager
def orthanc(folder: Path, ours: int = 1, **more: object) -> Iterator[Orthanc]:
    """Orthanc with DICOMweb and worklists; PROSVET is known to it at port `ours`."""
    program = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
    if not Path(program).exists():
        pytest.skip("Orthanc is not installed")
    http, dicom = free_port(), free_port()
    (folder / "worklists").mkdir(parents=True, exist_ok=True)
    settings = {
        "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"), "HttpPort": http,
        "DicomServerEnabled": True, "DicomPort": dicom, "DicomAet": "ORTHANC", "DicomCheckCalledAet": True,
        "DicomAlwaysAllowStore": False, "AuthenticationEnabled": False, "RemoteAccessAllowed": False,
        "DefaultEncoding": "Utf8", "DicomModalities": {"prosvet": ["PROSVET", "127.0.0.1", ours]},
        "Plugins": [str(_PLUGINS / "libOrthancDicomWeb.so"), str(_PLUGINS / "libModalityWorklists.so")],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "Worklists": {"Enable": True, "Database": str(folder / "worklists")}, **more,
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with _running([program, str(folder / "orthanc.json")], http, dicom):
        peer = Peer(name="pacs", aet="ORTHANC", host="127.0.0.1", port=dicom, may_query=True)
        yield Orthanc(peer, f"http://127.0.0.1:{http}")


@contextmanager
def dcmqrscp(folder: Path, ours: int = 1) -> Iterator[Peer]:
    """dcmtk's archive; PROSVET is known to it at port `ours`."""
    program = shutil.which("dcmqrscp")
    if program is None:
        pytest.skip("dcmtk is not installed")
    port = free_port()
    (folder / "store").mkdir(parents=True)
    (folder / "qr.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\nprosvet = (PROSVET, 127.0.0.1, {ours})\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nQRSCP {folder}/store RW (200, 1024mb) ANY\nAETable END\n"
    )
    with _running([program, "-c", str(folder / "qr.cfg")], port):
        yield Peer(name="pacs", aet="QRSCP", host="127.0.0.1", port=port, may_query=True)


# ---------------------------------------------------------------- servers of our own


@dataclass
class Asked:
    """One HTTP request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    """A web server: ``answer`` gives status, headers and body of each request, or writes to the wire itself."""

    answer: Callable[[Asked], tuple[int, dict[str, str], bytes] | Callable[[Any], None]]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def a_site(answer: Callable[[Asked], Any]) -> Iterator[Site]:
    """Run one."""
    site = Site(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            one = Asked(self.command, self.path, dict(self.headers), body)
            site.asked.append(one)
            told = site.answer(one)
            if callable(told):
                told(self)
                self.close_connection = True
                return
            status, headers, data = told
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    with answering(server):
        yield site


@dataclass
class Line:
    """A TCP receiver: ``heard`` holds what came, each time up to the end of a message."""

    port: int
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def line(answer: Callable[[bytes, socket.socket], None]) -> Iterator[Line]:
    """Run one; `answer` is given each MLLP message and the wire."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    made, stop = Line(server.getsockname()[1]), threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                wire, _ = server.accept()
            except TimeoutError:
                continue
            with wire:
                wire.settimeout(5)
                data = b""
                while b"\x1c\r" not in data and (part := wire.recv(65536)):
                    data += part
                made.heard.append(data)
                with suppress(OSError):  # the sender may have had enough
                    if data:
                        answer(data[1 : data.find(b"\x1c")], wire)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join(10)
        server.close()


def worklist_item(folder: Path, **values: str) -> None:
    """A planned film in the worklist of an Orthanc whose folder is `folder`."""
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PatientName, made.PatientID, made.AccessionNumber = "Иванова^Мария", "МК-0042", "A-77"
    made.PatientBirthDate, made.PatientSex, made.StudyInstanceUID = "19600229", "F", "2.25.77"
    made.RequestedProcedureDescription = "Рентгенография органов грудной клетки"
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = "DX", "ROOM1"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20261122", "093000"
    made.ScheduledProcedureStepSequence = [step]
    for keyword, value in values.items():
        setattr(made, keyword, value)
    (folder / "worklists" / f"{made.AccessionNumber}.wl").write_bytes(_worklist_bytes(made))


def _worklist_bytes(made: Dataset) -> bytes:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"
    made.file_meta.MediaStorageSOPInstanceUID = "2.25.78"
    made.SOPClassUID, made.SOPInstanceUID = "1.2.276.0.7230010.3.1.0.1", "2.25.78"
    return write(made)
