"""What a hospital tells the node: ``HOME/hospital.toml``, strict, and without a secret in it.

Unknown keys are refused, so that a misspelt word never passes for a default. Secrets (keys, tokens, passwords) stand
in files of their own that are named here, beside this one when the name is relative.
"""

from __future__ import annotations

import ipaddress
import os
import re
import stat
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, model_validator

from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings
from prosvet.core.i18n import Lang
from prosvet.core.network import is_loopback
from prosvet.core.types import Frozen

__all__ = [
    "FILE",
    "AeTitle",
    "DicomWeb",
    "Fhir",
    "Hl7",
    "HospitalConfig",
    "Node",
    "Peer",
    "Results",
    "Retention",
    "Routing",
    "Tls",
    "load_config",
    "parse_peer",
    "read_secret",
]

FILE = "hospital.toml"

_AET = re.compile(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?")  # PS3.5: 1..16 of printable ASCII but the backslash
_PEER = re.compile(r"(?P<aet>.+)@(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:@\[\]]+)):(?P<port>\d{1,5})")
_SECRET_BYTES = 64 * 1024


def _ae_title(value: str) -> str:
    if not _AET.fullmatch(value.strip()):
        raise ValueError("an AE title is 1 to 16 printable ASCII characters without a backslash")
    return value.strip()


def _beside(path: Path, info: ValidationInfo) -> Path:
    """A relative name is beside the configuration file."""
    folder = (info.context or {}).get("folder")
    path = path.expanduser()
    return folder / path if folder is not None else path


def _network(value: str) -> str:
    return str(ipaddress.ip_network(value, strict=False))


AeTitle = Annotated[str, AfterValidator(_ae_title)]
NamedFile = Annotated[Path, AfterValidator(_beside)]
Network = Annotated[str, AfterValidator(_network)]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]


class Tls(Frozen):
    """Files (PEM) of a connection where both sides show a certificate."""

    cert: NamedFile
    key: NamedFile
    ca: NamedFile = Field(description="Who signs the certificates of the other side.")


class Node(Frozen):
    """How we are called, and whom we let in.

    Attributes
    ----------
    allow_unencrypted : bool
        The explicit word for a network address without TLS: films and names then travel in the open.
    max_associations : int
        Connections at once.
    max_pdu : int
        Bytes of one PDU that we offer to take.
    max_object_bytes, max_spool_bytes : int
        Bytes of one object, and of all that are arriving at once.
    association_timeout, idle_timeout, object_timeout : float
        Seconds that one association, a silence on it, and one object may last.
    unknown_class : "keep" or "refuse"
        What is done with objects that are no chest X-ray's storage class: kept and passed by, or refused.
    extra_classes : tuple of str
        Storage classes beside those of a chest X-ray that are taken with ``refuse``.
    max_answers : int
        Answers to one query of another system; a query that has more is told that it was cut off.
    max_given : int
        Objects that another system may fetch at once; one that asks for more is refused, and told so.
    """

    aet: AeTitle = "PROSVET"
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=11112, ge=0, le=65535)
    tls: Tls | None = None
    allow_unencrypted: bool = False
    max_associations: int = Field(default=16, ge=1, le=256)
    max_pdu: int = Field(default=131072, ge=4096, le=1048576)
    max_object_bytes: int = Field(default=400_000_000, ge=1_000_000)
    max_spool_bytes: int = Field(default=2_000_000_000, ge=1_000_000)
    association_timeout: float = Field(default=3600.0, gt=0, le=86400)
    idle_timeout: float = Field(default=60.0, gt=0, le=3600)
    object_timeout: float = Field(default=120.0, gt=0, le=3600)
    unknown_class: Literal["keep", "refuse"] = "keep"
    extra_classes: tuple[str, ...] = ()
    max_answers: int = Field(default=500, ge=1, le=10000)
    max_given: int = Field(default=2000, ge=1, le=65535)

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if not (is_loopback(self.host) or self.tls or self.allow_unencrypted):
            raise ValueError(
                f"{self.host} is reached by others: set [node.tls], or allow_unencrypted = true on a trusted network"
            )
        return self


class Peer(Frozen):
    """A system that we talk to.

    Attributes
    ----------
    addresses : tuple of str
        Addresses or networks it calls from; by default its `host`.
    may_send, may_query : bool
        It may send us objects; we may look for priors in it.
    may_query_us : bool
        It may look for studies here and fetch them (C-FIND, C-MOVE, C-GET): films and results, with patients' names.
    commitment : bool
        A result counts as delivered only when it has answered for it by storage commitment.
    """

    name: Name
    aet: AeTitle
    host: str = Field(min_length=1)
    port: Port
    tls: Tls | None = None
    addresses: tuple[Network, ...] = ()
    may_send: bool = False
    may_query: bool = False
    may_query_us: bool = False
    commitment: bool = False

    @property
    def may_call(self) -> bool:
        """Whether it has any reason to call us."""
        return self.may_send or self.may_query_us or self.commitment

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.may_call and not self.callers():
            raise ValueError(f"peer {self.name}: addresses are needed, because {self.host} is a name")
        return self

    def callers(self) -> tuple[str, ...]:
        """Networks this peer may call from; none where only a host name is known."""
        if self.addresses:
            return self.addresses
        if self.host == "localhost":
            return ("127.0.0.0/8", "::1/128")
        try:
            return (_network(self.host),)
        except ValueError:
            return ()


class Routing(Frozen):
    """What is read, and when an exam counts as whole.

    Attributes
    ----------
    modalities, body_parts : tuple of str
        Read are objects of these; an object that names no body part is left to the image gate.
    end_of_study_seconds : float
        Silence after which an exam is whole.
    end_of_study_count : int or None
        Films with which it is whole at once.
    """

    modalities: tuple[str, ...] = ("CR", "DX", "DR", "RG", "SC", "OT")
    body_parts: tuple[str, ...] = ("CHEST", "THORAX", "LUNG", "RIB")
    end_of_study_seconds: float = Field(default=20.0, ge=0.0, le=3600.0)
    end_of_study_count: int | None = Field(default=None, ge=1, le=100)


class Results(Frozen):
    """What goes back, and where.

    ``destinations`` are names of peers; ``dicomweb``, ``fhir`` and ``hl7`` name the sections of this file.
    """

    kinds: tuple[Literal["sr", "text_sr", "seg", "sc", "pdf"], ...] = ("sr", "text_sr", "sc")
    destinations: tuple[str, ...] = ()
    lang: Lang = "ru"
    deadline_minutes: float = Field(default=10.0, gt=0.0, le=10080.0)


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


class Retention(Frozen):
    """Days that things are kept after an exam is done; ``None`` is for ever."""

    objects_days: int | None = Field(default=90, ge=1)
    results_days: int | None = Field(default=365, ge=1)
    exams_days: int | None = Field(default=None, ge=1)


class HospitalConfig(Frozen):
    """The whole of ``hospital.toml``."""

    node: Node = Node()
    peers: tuple[Peer, ...] = ()
    routing: Routing = Routing()
    results: Results = Results()
    dicomweb: DicomWeb | None = None
    fhir: Fhir | None = None
    hl7: Hl7 | None = None
    retention: Retention = Retention()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [peer.name for peer in self.peers]
        twice = sorted({name for name in names if names.count(name) > 1} | (set(names) & {"dicomweb", "fhir", "hl7"}))
        if twice:
            raise ValueError(f"peer {twice[0]}: the name is taken")
        known = {*names, *(part for part in ("dicomweb", "fhir", "hl7") if getattr(self, part) is not None)}
        missing = [name for name in self.results.destinations if name not in known]
        if missing:
            raise ValueError(f"results.destinations: there is no {missing[0]}")
        if not is_loopback(self.node.host) and not self.senders():
            raise ValueError(f"{self.node.host} is reached by others, and no peer has may_send = true")
        return self

    def peer(self, name: str) -> Peer:
        """The peer `name`.

        Raises
        ------
        InvalidSettings
            When there is none.
        """
        for peer in self.peers:
            if peer.name == name:
                return peer
        raise InvalidSettings(name=f"{FILE}: peers", reason=f"there is no {name}")

    def senders(self) -> tuple[Peer, ...]:
        """Peers that may send. None listed, on this computer's own address: whoever is on it may."""
        return tuple(peer for peer in self.peers if peer.may_send)

    def queriers(self) -> tuple[Peer, ...]:
        """Peers that may look for studies here; there are none that are not listed."""
        return tuple(peer for peer in self.peers if peer.may_query_us)

    def told(self, *, forward: Iterable[str] = (), **node: object) -> HospitalConfig:
        """This configuration with what the command line says of the node and of where results go.

        Raises
        ------
        InvalidSettings
        """
        given = {key: value for key, value in node.items() if value is not None}
        values = self.model_dump()
        values["node"] |= given
        for number, spoken in enumerate(forward, start=1):
            aet, host, port = parse_peer(spoken)
            values["peers"] = [*values["peers"], {"name": f"forward-{number}", "aet": aet, "host": host, "port": port}]
            values["results"]["destinations"] = [*values["results"]["destinations"], f"forward-{number}"]
        return _validated(values, None, "node")


def parse_peer(spoken: str) -> tuple[str, str, int]:
    """AE title, host and port of ``AET@HOST:PORT``.

    Raises
    ------
    InvalidSettings

    Examples
    --------
    >>> parse_peer("PACS@10.0.0.5:104")
    ('PACS', '10.0.0.5', 104)
    """
    match = _PEER.fullmatch(spoken)
    if match is None or not 1 <= int(match["port"]) <= 65535:
        raise InvalidSettings(name="AET@HOST:PORT", reason=spoken)
    return match["aet"], match["six"] or match["host"], int(match["port"])


def load_config(context: Context) -> HospitalConfig:
    """The configuration of the context's home; defaults where there is no file.

    Raises
    ------
    InvalidSettings
        A file that is no TOML, an unknown key, a value out of range, things that do not fit together.
    """
    path = context.settings.home / FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return HospitalConfig()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings(name=FILE, reason=str(error)) from None
    return _validated(values, path.parent, FILE)


def _validated(values: dict[str, object], folder: Path | None, what: str) -> HospitalConfig:
    try:
        return HospitalConfig.model_validate(values, context={"folder": folder})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidSettings(name=f"{what}: {where}" if where else what, reason=reason) from None


def read_secret(path: Path) -> str:
    """The secret in the file `path`, without the white space around it.

    Raises
    ------
    InvalidSettings
        When it cannot be read, is empty, too long, or others than its owner may read it.
    """
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            secret = stream.read(_SECRET_BYTES + 1)
    except OSError as error:
        raise InvalidSettings(name=path.name, reason=error.strerror or "cannot be read") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InvalidSettings(name=path.name, reason="others may read this secret: chmod 600")
    if not secret.strip() or len(secret) > _SECRET_BYTES:
        raise InvalidSettings(name=path.name, reason="a secret of 1 to 65536 bytes is expected")
    try:
        return secret.decode().strip()
    except UnicodeDecodeError:
        raise InvalidSettings(name=path.name, reason="is not text") from None
