"""Where results go beside DICOM peers: a DICOMweb server, a FHIR server, a receiver of HL7 v2 messages."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from prosvet.core.network import is_loopback
from prosvet.core.types import Frozen
from prosvet.hospital.config.parts import NamedFile, Port, Tls

__all__ = ["DicomWeb", "Fhir", "Hl7"]


class _Web(Frozen):
    """A web service: HTTPS, or HTTP on this computer or by the explicit word."""

    url: str
    token_file: NamedFile | None = None
    user: str | None = None
    password_file: NamedFile | None = None
    ca: NamedFile | None = None
    cert: NamedFile | None = Field(default=None, description="Our own certificate, where the server wants one.")
    key: NamedFile | None = None
    timeout: float = Field(default=30.0, gt=0, le=600)
    allow_unencrypted: bool = False

    @model_validator(mode="after")
    def _safe(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url is http:// or https:// with a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("url holds no user and no password: name a password_file")
        if parts.scheme == "http" and not (is_loopback(parts.hostname) or self.allow_unencrypted):
            raise ValueError("http:// to another computer: use https://, or allow_unencrypted = true")
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key go together")
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file go together")
        return self


class DicomWeb(_Web):
    """A DICOMweb server; ``verify`` looks for each object there after it was stored."""

    verify: bool = True


class Fhir(_Web):
    """A FHIR server."""

    version: Literal["R4", "R5"] = "R4"


class Hl7(Frozen):
    """A receiver of HL7 v2 messages over MLLP."""

    host: str = Field(min_length=1)
    port: Port
    tls: Tls | None = None
    sending_application: str = "PROSVET"
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    encoding: Literal["UNICODE UTF-8", "8859/5"] = "UNICODE UTF-8"
    timeout: float = Field(default=30.0, gt=0, le=600)
