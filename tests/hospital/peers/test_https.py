"""HTTPS to DICOMweb and FHIR servers, and MLLP over TLS: real handshakes, right ones and wrong ones."""

from __future__ import annotations

import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from certificates import make_certificates, server_side, tls_of
from prosvet.core.errors import InvalidSettings, PeerError, PeerUnreachable
from prosvet.hospital.config import DicomWeb, Fhir, Hl7
from prosvet.hospital.peers import fhir, mllp
from prosvet.hospital.peers.web import Web
from served import answering

MESSAGE = b"MSH|^~\\&|PROSVET||||20261122103000||ORU^R01^ORU_R01|P77|P|2.5\r"
WRONG = [("good", "other", "localhost"), ("elsewhere", "ca", "localhost"), ("expired", "ca", "localhost"),
         ("good", "ca", "127.0.0.1")]  # fmt: skip
"""Certificate of the server, authority that we trust, name by which we call it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("https"))


class _Server(ThreadingHTTPServer):
    """Takes the handshake in the thread of the connection; counts what was asked."""

    daemon_threads = True

    def __init__(self, secured: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.secured, self.asked = secured, 0

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        try:
            wire = self.secured.wrap_socket(request, server_side=True) if self.secured else request
            super().finish_request(wire, client_address)
            wire.close()
        except OSError:  # the other side does not trust us, or we do not trust it
            return


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        fhir_asked = "metadata" in self.path
        words = b'{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1"}' if fhir_asked else b"[]"
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json" if fhir_asked else "application/dicom+json")
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *_: object) -> None:
        pass


def _ask(kind: str, port: int, ca: Path | None, host: str = "localhost", **shown: Path) -> None:
    url = f"https://{host}:{port}"
    if kind == "dicomweb":
        Web(DicomWeb.model_validate({"url": url, "ca": ca, "timeout": 5, **shown})).echo()
    else:
        assert fhir.echo(Fhir.model_validate({"url": url, "ca": ca, "timeout": 5, **shown})) == "4.0.1"


@pytest.mark.parametrize("kind", ["dicomweb", "fhir"])
def test_a_server_of_our_authority_is_talked_to(kind: str, folder: Path) -> None:
    with answering(_Server(server_side(folder))) as server:
        _ask(kind, server.server_address[1], folder / "ca.crt")
        assert server.asked == 1


@pytest.mark.parametrize("kind", ["dicomweb", "fhir"])
@pytest.mark.parametrize(("name", "ca", "host"), WRONG)
def test_a_wrong_server_is_told_nothing(kind: str, name: str, ca: str, host: str, folder: Path) -> None:
    with answering(_Server(server_side(folder, name))) as server:
        with pytest.raises(PeerError) as told:
            _ask(kind, server.server_address[1], folder / f"{ca}.crt", host)
        assert told.value.details["reason"] == "tls"
        assert server.asked == 0


@pytest.mark.parametrize("kind", ["dicomweb", "fhir"])
def test_without_an_authority_of_ones_own_the_systems_decide(kind: str, folder: Path) -> None:
    with answering(_Server(server_side(folder))) as server, pytest.raises(PeerError) as told:
        _ask(kind, server.server_address[1], None)
    assert told.value.details["reason"] == "tls"


@pytest.mark.parametrize("kind", ["dicomweb", "fhir"])
def test_a_server_that_wants_a_certificate_is_shown_ours(kind: str, folder: Path) -> None:
    with answering(_Server(server_side(folder, client_wanted=True))) as server:
        port = server.server_address[1]
        for shown in ({}, {"cert": folder / "other.crt", "key": folder / "other.key"}):
            with pytest.raises(PeerError):
                _ask(kind, port, folder / "ca.crt", **shown)
        assert server.asked == 0
        _ask(kind, port, folder / "ca.crt", cert=folder / "client.crt", key=folder / "client.key")
        assert server.asked == 1


def test_certificates_that_are_not_there_are_told_before_anybody_is_asked(folder: Path) -> None:
    for wrong in ({"ca": folder / "nowhere"}, {"cert": folder / "ca.crt", "key": folder / "client.key"}):
        with pytest.raises(InvalidSettings):
            fhir.echo(Fhir.model_validate({"url": "https://localhost:1", **wrong}))
    with pytest.raises(ValidationError, match="cert and key"):
        Fhir(url="https://localhost:1", cert=folder / "client.crt")


def test_a_server_without_tls_is_not_mistaken_for_one(folder: Path) -> None:
    with answering(_Server(None)) as server, pytest.raises(PeerError):
        _ask("fhir", server.server_address[1], folder / "ca.crt")


class _Receiver(_Server):
    """Acknowledges an HL7 message."""

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        try:
            with self.secured.wrap_socket(request, server_side=True) as wire:  # type: ignore[union-attr]
                heard = b""
                while b"\x1c\r" not in heard and (part := wire.recv(4096)):
                    heard += part
                if heard:
                    self.asked += 1
                    wire.sendall(b"\x0bMSH|^~\\&|MIS\rMSA|AA|P77\r\x1c\r")
        except OSError:
            return


@pytest.mark.parametrize("client_wanted", [False, True])
def test_a_message_goes_over_tls(client_wanted: bool, folder: Path) -> None:
    with answering(_Receiver(server_side(folder, client_wanted=client_wanted))) as receiver:
        config = Hl7(host="localhost", port=receiver.server_address[1], tls=tls_of(folder), timeout=5)
        assert mllp.send(MESSAGE, config).code == "AA"
        assert receiver.asked == 1
        mllp.knock(config)


@pytest.mark.parametrize(("name", "ca", "host"), WRONG)
def test_a_message_does_not_go_to_a_wrong_receiver(name: str, ca: str, host: str, folder: Path) -> None:
    with answering(_Receiver(server_side(folder, name))) as receiver:
        config = Hl7(host=host, port=receiver.server_address[1], tls=tls_of(folder, ca=ca), timeout=5)
        for ask in (lambda: mllp.send(MESSAGE, config), lambda: mllp.knock(config)):
            with pytest.raises(PeerError) as told:
                ask()
            assert told.value.details["reason"] == "tls"
            assert not isinstance(told.value, PeerUnreachable), "trying again does not mend a certificate"
        assert receiver.asked == 0


def test_a_receiver_that_does_not_know_our_certificate_takes_nothing(folder: Path) -> None:
    with answering(_Receiver(server_side(folder, client_wanted=True))) as receiver:
        config = Hl7(host="localhost", port=receiver.server_address[1], tls=tls_of(folder, client="other"), timeout=5)
        with pytest.raises(PeerError):
            mllp.send(MESSAGE, config)
        assert receiver.asked == 0
