"""What the configuration says of those we talk to, for people to see; and what was fetched."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from prosvet.core.errors import InvalidSettings
from prosvet.core.types import Frozen
from prosvet.hospital.config import FILE, DicomWeb, HospitalConfig, Peer

__all__ = ["FILMS", "Fetched", "PeerView", "queried", "views"]


class PeerView(Frozen):
    """One system.

    Attributes
    ----------
    place : str
        ``AET@HOST:PORT``, a URL's scheme and host, or ``HOST:PORT``.
    secured : bool
        TLS.
    may_query_us, commitment : bool
        It may look here and fetch; results count when it has answered for them.
    """

    name: str
    kind: Literal["dicom", "dicomweb", "fhir", "hl7"]
    place: str
    secured: bool
    may_send: bool = False
    may_query: bool = False
    may_query_us: bool = False
    commitment: bool = False
    gets_results: bool = False


FILMS = ("CR", "DX", "DR", "RG")
"""Modalities that priors are looked for in."""


class Fetched(Frozen):
    """What was brought.

    Attributes
    ----------
    studies, objects, failed : int
        Studies asked for; objects that came; that the peer could not send.
    images, known, refused : int
        Films new in the archive; there before; that are no chest films or cannot be read.
    moved : bool
        They were sent to our node, which keeps them and reads them as it does whatever comes; the archive's counts
        are then zero.
    """

    studies: int
    objects: int
    failed: int = 0
    images: int = 0
    known: int = 0
    refused: int = 0
    moved: bool = False


def views(config: HospitalConfig) -> tuple[PeerView, ...]:
    """All of them, peers first."""
    gets = set(config.results.destinations)
    made = [
        PeerView(
            name=one.name, kind="dicom", place=f"{one.aet}@{one.host}:{one.port}", secured=one.tls is not None,
            may_send=one.may_send, may_query=one.may_query, may_query_us=one.may_query_us,
            commitment=one.commitment, gets_results=one.name in gets,
        )
        for one in config.peers
    ]  # fmt: skip
    if config.dicomweb is not None:
        made.append(_of_url("dicomweb", config.dicomweb.url, "dicomweb" in gets, may_query=True))
    if config.fhir is not None:
        made.append(_of_url("fhir", config.fhir.url, "fhir" in gets))
    if config.hl7 is not None:
        place, secured = f"{config.hl7.host}:{config.hl7.port}", config.hl7.tls is not None
        made.append(PeerView(name="hl7", kind="hl7", place=place, secured=secured, gets_results="hl7" in gets))
    return tuple(made)


def _of_url(kind: Literal["dicomweb", "fhir"], url: str, gets_results: bool, *, may_query: bool = False) -> PeerView:
    parts = urlsplit(url)
    place, secured = f"{parts.scheme}://{parts.netloc}", parts.scheme == "https"
    return PeerView(name=kind, kind=kind, place=place, secured=secured, may_query=may_query, gets_results=gets_results)


def queried(config: HospitalConfig, name: str) -> Peer | DicomWeb:
    """The system `name`, if we may look for studies in it.

    Raises
    ------
    InvalidSettings
    """
    if name == "dicomweb" and config.dicomweb is not None:
        return config.dicomweb
    peer = config.peer(name)
    if not peer.may_query:
        raise InvalidSettings(name=f"{FILE}: peers: {name}", reason="may_query = true is needed")
    return peer
