"""Who speaks DICOM: how we are called, and the systems around us."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from prosvet.core.errors import InvalidSettings
from prosvet.core.network import is_loopback
from prosvet.core.types import Frozen
from prosvet.hospital.config.parts import AeTitle, Name, Network, Port, Tls, network

__all__ = ["Node", "Peer", "parse_peer"]

_PEER = re.compile(r"(?P<aet>.+)@(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:@\[\]]+)):(?P<port>\d{1,5})")


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
            return (network(self.host),)
        except ValueError:
            return ()


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
