"""Calling over TLS: our certificate is shown, theirs is checked."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hospital_node import Receiver
from peer_systems import film_file
from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings, PeerError
from prosvet.hospital.config import Peer, Tls
from prosvet.hospital.peers import link, send


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities, a node and a client of the first."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt",
                "-days", "2", "-subj", f"/CN={name}")  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    for name in ("node", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
                "/CN=localhost")  # fmt: skip
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                f"{name}.crt", "-days", "2", "-extfile", "names")  # fmt: skip
    return folder


@pytest.fixture
def node(context: Context, certificates: Path) -> Iterator[Receiver]:
    words = "\n".join(f'{key} = "{certificates}/{file}"' for key, file in (
        ("cert", "node.crt"), ("key", "node.key"), ("ca", "ca.crt")))  # fmt: skip
    made = Receiver(context, f"[node.tls]\n{words}\n")
    yield made
    made.stop()


def peer(node: Receiver, folder: Path, ca: str = "ca", host: str = "localhost") -> Peer:
    tls = Tls(cert=folder / "client.crt", key=folder / "client.key", ca=folder / f"{ca}.crt")
    return Peer(name="pacs", aet="PROSVET", host=host, port=node.port, tls=tls)


def test_a_film_goes_over_tls_and_only_to_whom_we_trust(node: Receiver, certificates: Path, tmp_path: Path) -> None:
    link.echo(peer(node, certificates), "SENDER")
    assert send.store(peer(node, certificates), [film_file(tmp_path)], "SENDER")[0].ok
    assert len(node.rows()) == 1
    for wrong in (
        peer(node, certificates, ca="other"),
        peer(node, certificates, host="127.0.0.1"),  # the certificate is of another name
        peer(node, certificates).model_copy(update={"tls": None}),
    ):
        with pytest.raises(PeerError):
            link.echo(wrong, "SENDER", timeout=3)
    with pytest.raises(InvalidSettings):
        link.echo(peer(node, certificates, ca="nowhere"), "SENDER")
