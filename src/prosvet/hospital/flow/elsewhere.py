"""What takes results to a DICOMweb server, a FHIR server, an HL7 v2 receiver; and the documents for the last two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from prosvet.archive.files import sha256
from prosvet.core.errors import InvalidSettings, PeerError, PeerUnreachable
from prosvet.hospital import fhir, hl7
from prosvet.hospital.config import FILE, Fhir, Hl7, HospitalConfig
from prosvet.hospital.flow.material import Material
from prosvet.hospital.flow.routes import Answer, Parcel, Unreachable
from prosvet.hospital.peers import fhir as fhir_server
from prosvet.hospital.peers import mllp
from prosvet.hospital.peers.web import Web

__all__ = ["DicomWebSender", "FhirSender", "Hl7Sender", "fhir_document", "hl7_document"]

_WHOLE = ("no_connection", "no_answer", "busy")  # the peer's trouble, whatever the parcel is


class DicomWebSender:
    """STOW, one object a request; where the configuration says ``verify``, each is looked for at once."""

    def __init__(self, config: HospitalConfig) -> None:
        if config.dicomweb is None:
            raise _missing("dicomweb")
        self._web, self._verify = Web(config.dicomweb), config.dicomweb.verify

    @classmethod
    def of(cls, destination: str, config: HospitalConfig) -> Self:
        """For the server of ``[dicomweb]``."""
        return cls(config)

    def send(self, parcels: list[Parcel], told: Callable[[Parcel, Answer], bool]) -> None:
        """See :class:`prosvet.hospital.flow.routes.Sender`."""
        for parcel in parcels:
            if _read(parcel) is None:
                answer = Answer("refused", "damaged")
            else:
                (done,) = self._web.store([parcel.path])
                if not done.ok and done.reason in _WHOLE:
                    raise Unreachable(str(done.reason))
                verdict = "later" if done.again else "refused"
                answer = Answer("taken") if done.ok else Answer(verdict, done.reason or "", str(done.status or ""))  # type: ignore[arg-type]
            if not told(parcel, answer):
                return

    def confirm(self, parcels: list[Parcel]) -> dict[int, bool] | None:
        """See :class:`prosvet.hospital.flow.routes.Sender`."""
        if not self._verify:
            return None
        with _trouble():
            return {one.id: self._web.stored(one.study_uid, one.sop_uid or "", one.sop_class or "") for one in parcels}


class FhirSender:
    """A transaction for each parcel; it is read back before it counts, so that there is nothing to confirm later."""

    def __init__(self, config: Fhir) -> None:
        self._config = config

    @classmethod
    def of(cls, destination: str, config: HospitalConfig) -> Self:
        """For the server of ``[fhir]``."""
        if config.fhir is None:
            raise _missing("fhir")
        return cls(config.fhir)

    def send(self, parcels: list[Parcel], told: Callable[[Parcel, Answer], bool]) -> None:
        """See :class:`prosvet.hospital.flow.routes.Sender`."""
        _each(parcels, told, lambda data: fhir_server.push(data, self._config))

    def confirm(self, parcels: list[Parcel]) -> dict[int, bool] | None:
        """See :class:`prosvet.hospital.flow.routes.Sender`."""
        return None


class Hl7Sender:
    """A message for each parcel; an acknowledgement is all that HL7 v2 has."""

    def __init__(self, config: Hl7) -> None:
        self._config = config

    @classmethod
    def of(cls, destination: str, config: HospitalConfig) -> Self:
        """For the receiver of ``[hl7]``."""
        if config.hl7 is None:
            raise _missing("hl7")
        return cls(config.hl7)

    def send(self, parcels: list[Parcel], told: Callable[[Parcel, Answer], bool]) -> None:
        """See :class:`prosvet.hospital.flow.routes.Sender`."""
        _each(parcels, told, lambda data: mllp.send(data, self._config))

    def confirm(self, parcels: list[Parcel]) -> dict[int, bool] | None:
        """See :class:`prosvet.hospital.flow.routes.Sender`."""
        return None


def fhir_document(material: Material, config: HospitalConfig) -> bytes:
    """The transaction for the server of ``[fhir]``."""
    version = config.fhir.version if config.fhir is not None else "R4"
    return fhir.write(fhir.bundle(material.headers, material.results, at=material.at, version=version))


def hl7_document(material: Material, config: HospitalConfig) -> bytes:
    """The message for the receiver of ``[hl7]``."""
    if config.hl7 is None:
        raise _missing("hl7")
    return hl7.oru(
        material.headers, material.results, at=material.at, config=config.hl7, made_of=material.made_of
    )  # fmt: skip


def _each(parcels: list[Parcel], told: Callable[[Parcel, Answer], bool], bring: Callable[[bytes], object]) -> None:
    for parcel in parcels:
        data = _read(parcel)
        if not told(parcel, Answer("refused", "damaged") if data is None else _brought(data, bring)):
            return


def _brought(data: bytes, bring: Callable[[bytes], object]) -> Answer:
    try:
        with _trouble():
            bring(data)
    except PeerUnreachable as error:
        return Answer("later", str(error.details["reason"]), str(error.details.get("status", "")))
    except PeerError as error:
        return Answer("refused", str(error.details["reason"]), str(error.details.get("status", "")))
    return Answer("taken")


@contextmanager
def _trouble() -> Iterator[None]:
    try:
        yield
    except PeerUnreachable as error:
        if error.details["reason"] in _WHOLE:
            raise Unreachable(str(error.details["reason"])) from None
        raise


def _read(parcel: Parcel) -> bytes | None:
    """The file, or None when it is gone or damaged."""
    try:
        data = parcel.path.read_bytes()
    except FileNotFoundError:
        return None
    return data if sha256(data) == parcel.sha256 else None


def _missing(section: str) -> InvalidSettings:
    return InvalidSettings(name=FILE, reason=f"[{section}] is needed")
