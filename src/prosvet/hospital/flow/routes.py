"""Where results go and what takes them there: two literal tables, one row to a kind of destination.

A destination is the name of a peer, or ``dicomweb``, ``fhir``, ``hl7`` for those sections of the configuration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, cast

from prosvet.core.errors import InvalidSettings
from prosvet.hospital.config import FILE, HospitalConfig
from prosvet.hospital.flow.material import Material

__all__ = ["PAYLOADS", "SENDERS", "Answer", "Parcel", "Sender", "Unreachable", "documents", "payload", "sender"]

SENDERS: dict[str, str] = {
    "peer": "prosvet.hospital.flow.send:PeerSender",
    "dicomweb": "prosvet.hospital.flow.elsewhere:DicomWebSender",
    "fhir": "prosvet.hospital.flow.elsewhere:FhirSender",
    "hl7": "prosvet.hospital.flow.elsewhere:Hl7Sender",
}
"""Kind of destination (``peer``, ``dicomweb``, ``fhir``, ``hl7``) to its sender: ``of(destination, config)``."""

PAYLOADS: dict[str, str] = {
    "fhir": "prosvet.hospital.flow.elsewhere:fhir_document",
    "hl7": "prosvet.hospital.flow.elsewhere:hl7_document",
}
"""Destination that takes documents of its own (``fhir``, ``hl7``) to ``(Material, HospitalConfig) -> bytes``."""

Payload = Callable[[Material, HospitalConfig], bytes]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A result to be brought to its destination."""

    id: int
    kind: str
    study_uid: str
    sop_uid: str | None
    sop_class: str | None
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the destination said of one parcel.

    Attributes
    ----------
    verdict : {"taken", "later", "refused"}
        It has it; it may take it another time; it never will.
    code : str
        Of ours, under ``flow.reasons`` in the locales.
    status : str
        The peer's own number; its words are not kept, they may name the patient.
    """

    verdict: Literal["taken", "later", "refused"]
    code: str = ""
    status: str = ""


class Unreachable(Exception):
    """The destination does not answer, which is no fault of a parcel. ``code`` is under ``flow.reasons``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Sender(Protocol):
    """Brings parcels to one destination; used by one thread."""

    def send(self, parcels: list[Parcel], told: Callable[[Parcel, Answer], bool]) -> None:
        """Bring `parcels` there in turn; `told` hears of each at once, and says whether to go on.

        Raises
        ------
        Unreachable
            For this parcel and those after it.
        """
        ...

    def confirm(self, parcels: list[Parcel]) -> dict[int, bool] | None:
        """Whether each of `parcels`, by id, is there; None where it cannot be asked.

        Raises
        ------
        Unreachable
        """
        ...


def documents() -> frozenset[str]:
    """Destinations that take documents of their own and no DICOM objects."""
    return frozenset({"fhir", "hl7"})


def payload(destination: str) -> Payload:
    """What makes the documents that `destination` takes.

    Raises
    ------
    InvalidSettings
        When nothing does.
    """
    return cast(Payload, _named(PAYLOADS, destination, destination))


def sender(destination: str, config: HospitalConfig) -> Sender:
    """The sender of one destination.

    Raises
    ------
    InvalidSettings
        When there is none, or nothing makes what it would send.
    """
    kind = destination if destination in ("dicomweb", "fhir", "hl7") else "peer"
    if destination in documents():
        payload(destination)
    made = _named(SENDERS, kind, destination)
    return cast(Sender, made.of(destination, config))  # type: ignore[attr-defined]


def _named(table: dict[str, str], kind: str, destination: str) -> object:
    if kind not in table:
        known = ", ".join(sorted(table)) or "-"
        raise InvalidSettings(name=f"{FILE}: results.destinations", reason=f"{destination}: no sender ({known})")
    module, _, name = table[kind].partition(":")
    return getattr(import_module(module), name)
