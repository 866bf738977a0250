"""TLS: both sides show a certificate, or there is no conversation."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread

from hospital_node import Receiver, free_place, soon
from prosvet.core.errors import InvalidSettings
from prosvet.hospital.config import Peer, Tls
from prosvet.hospital.peers import move

Start = Callable[..., Receiver]


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with an authority (ca.crt), a node and a client that it signed, and a stranger of another."""
    for authority in ("ca", "other"):
        _openssl(tmp_path, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{authority}.key", "-out",
                 f"{authority}.crt", "-days", "2", "-subj", f"/CN={authority}")  # fmt: skip
    for name, authority in (("node", "ca"), ("client", "ca"), ("stranger", "other")):
        _openssl(tmp_path, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                 "-subj", "/CN=localhost")  # fmt: skip
        _openssl(tmp_path, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.crt", "-CAkey",
                 f"{authority}.key", "-CAcreateserial", "-out", f"{name}.crt", "-days", "2")  # fmt: skip
    return tmp_path


def _words(folder: Path) -> str:
    return f'[node.tls]\ncert = "{folder}/node.crt"\nkey = "{folder}/node.key"\nca = "{folder}/ca.crt"\n'


def _echo(one: Receiver, dcmtk: str, *words: str) -> int:
    command = [f"{dcmtk}/echoscu", *words, "-to", "10", "-aec", "PROSVET", "localhost", str(one.port)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode


def test_who_shows_a_signed_certificate_is_let_in_and_nobody_else(
    receiver: Start, certificates: Path, dcmtk: str
) -> None:
    one, folder = receiver(_words(certificates)), certificates
    good = ("+tls", f"{folder}/client.key", f"{folder}/client.crt", "+cf", f"{folder}/ca.crt")
    assert _echo(one, dcmtk, *good) == 0
    assert _echo(one, dcmtk, "+tls", f"{folder}/stranger.key", f"{folder}/stranger.crt", "+cf", f"{folder}/ca.crt") != 0
    assert _echo(one, dcmtk, "+tla", "+cf", f"{folder}/ca.crt") != 0
    assert _echo(one, dcmtk) != 0
    assert soon(lambda: one.refused().get("tls", 0) >= 2)
    assert _echo(one, dcmtk, *good) == 0


def test_a_handshake_that_does_not_come_keeps_nobody_waiting(receiver: Start, certificates: Path, dcmtk: str) -> None:
    one, folder = receiver(_words(certificates)), certificates
    silent = [socket.create_connection((one.host, one.port)) for _ in range(4)]
    good = ("+tls", f"{folder}/client.key", f"{folder}/client.crt", "+cf", f"{folder}/ca.crt")
    assert _echo(one, dcmtk, *good) == 0
    for wire in silent:
        wire.close()


def test_files_that_are_no_certificates_are_told_before_the_port_opens(receiver: Start, tmp_path: Path) -> None:
    for name in ("node.crt", "node.key", "ca.crt"):
        (tmp_path / name).write_text("nothing")
    with pytest.raises(InvalidSettings):
        receiver(_words(tmp_path))
    with pytest.raises(InvalidSettings):
        receiver(_words(tmp_path / "nowhere"))


def test_a_study_is_moved_over_tls_to_a_station_that_shows_its_certificate(
    receiver: Start, certificates: Path, dcmtk: str, pydicom_data: Path
) -> None:
    folder, port = certificates, free_place()[1]
    (folder / "station").mkdir()
    files = f'cert = "{folder}/node.crt", key = "{folder}/node.key", ca = "{folder}/ca.crt"'
    one = receiver(
        f'{_words(folder)}[[peers]]\nname = "station"\naet = "STATION"\nhost = "localhost"\nport = {port}\n'
        f"tls = {{ {files} }}\nmay_query_us = true\nmay_send = true\n"
    )
    mine = ["+tls", f"{folder}/client.key", f"{folder}/client.crt", "+cf", f"{folder}/ca.crt"]
    store = [f"{dcmtk}/storescp", *mine, "-aet", "STATION", "-od", str(folder / "station"), str(port)]
    station = subprocess.Popen(store, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        film, here = pydicom_data / "SC_rgb.dcm", ["localhost", str(one.port)]
        calling = [*mine, "-aet", "STATION", "-aec", "PROSVET"]
        subprocess.run([f"{dcmtk}/storescu", *calling, *here, str(film)], check=True, timeout=60)
        tls = Tls(cert=folder / "client.crt", key=folder / "client.key", ca=folder / "ca.crt")
        ours = Peer(name="node", aet="PROSVET", host="localhost", port=one.port, tls=tls)
        assert move.study(ours, str(dcmread(film).StudyInstanceUID), "STATION", "STATION").completed == 1
        assert len(list((folder / "station").iterdir())) == 1
    finally:
        station.terminate()
        station.wait(20)
