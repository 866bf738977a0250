"""Certificates for tests, made by openssl: two authorities, servers that are right and wrong, and a client."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

from prosvet.hospital.config import Tls

__all__ = ["SERVERS", "make_certificates", "server_side", "tls_of"]

SERVERS = {"good": "DNS:localhost", "elsewhere": "DNS:pacs.example", "expired": "DNS:localhost"}
"""Names of server certificates of the authority ``ca``, and for whom they are."""


def make_certificates(folder: Path) -> Path:
    """Fill `folder` with NAME.crt and NAME.key; ``other`` is an authority that signed nothing."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt",
                "-days", "2", "-subj", f"/CN={name}")  # fmt: skip
    (folder / "index").touch()
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n"
        "certificate=ca.crt\nprivate_key=ca.key\nunique_subject=no\ncopy_extensions=copy\n[p]\ncommonName=supplied\n"
    )
    for name, place in {**SERVERS, "client": "DNS:client"}.items():
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
                f"/CN={name}", "-addext", f"subjectAltName={place}")  # fmt: skip
        dates = ("20200101000000Z", "20200201000000Z") if name == "expired" else ("20200101000000Z", "20400101000000Z")
        openssl("ca", "-batch", "-config", "ca.cnf", "-in", f"{name}.csr", "-out", f"{name}.crt", "-notext",
                "-startdate", dates[0], "-enddate", dates[1])  # fmt: skip
    return folder


def server_side(folder: Path, name: str = "good", *, client_wanted: bool = False) -> ssl.SSLContext:
    """What a server with the certificate `name` listens with."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    if client_wanted:
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(folder / "ca.crt")
    return made


def tls_of(folder: Path, *, client: str = "client", ca: str = "ca") -> Tls:
    """Our side."""
    return Tls(cert=folder / f"{client}.crt", key=folder / f"{client}.key", ca=folder / f"{ca}.crt")
