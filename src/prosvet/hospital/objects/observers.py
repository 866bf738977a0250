"""Who observed, in which language, by which algorithm: the context that both structured reports begin with."""

from __future__ import annotations

from highdicom import sr
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from prosvet.core.i18n import Lang
from prosvet.core.types import ModelRef
from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.results import Signed

__all__ = ["algorithm", "context_of", "language_of", "person_name"]

_LANGUAGES: dict[Lang, Code] = {"ru": Code("ru", "RFC5646", "Russian"), "en": Code("en", "RFC5646", "English")}


def language_of(lang: Lang) -> sr.LanguageOfContentItemAndDescendants:
    """TID 1204."""
    return sr.LanguageOfContentItemAndDescendants(sr.CodedConcept.from_code(_LANGUAGES[lang]))


def context_of(frame: Frame) -> sr.ObservationContext:
    """TID 1001: the signer, where there is one, and the device."""
    return sr.ObservationContext(
        observer_person_context=_person(frame.results.signed) if frame.results.signed else None,
        observer_device_context=_device(frame),
    )


def algorithm(model: ModelRef) -> sr.AlgorithmIdentification:
    """TID 4019: name, revision, and the operating point that its statuses were decided at."""
    return sr.AlgorithmIdentification(
        name=model.name,
        version=model.revision,
        parameters=[f"operating_point={model.operating_point}"],
        manufacturer="Prosvet",
    )


def person_name(words: str) -> str:
    """Plain words as a DICOM person name: the first word is the family name; what has a caret is one already.

    A single word gets a caret, so that nobody takes it for the retired form of names.

    Examples
    --------
    >>> person_name("Иванова Мария Петровна"), person_name("ivanova"), person_name("Иванова^Мария")
    ('Иванова^Мария^Петровна', 'ivanova^', 'Иванова^Мария')
    """
    if "^" in words:
        return words
    parts = words.split()[:5]
    return "^".join(parts) if len(parts) > 1 else f"{''.join(parts)}^"


def _device(frame: Frame) -> sr.ObserverContext:
    name, revision = frame.device
    attributes = sr.DeviceObserverIdentifyingAttributes(
        uid=frame.device_uid, name="Prosvet", manufacturer_name="Prosvet", model_name=name, serial_number=revision
    )
    return sr.ObserverContext(codes.DCM.Device, attributes)


def _person(signed: Signed) -> sr.ObserverContext:
    attributes = sr.PersonObserverIdentifyingAttributes(
        name=person_name(signed.name), organization_name=signed.organisation or None
    )
    return sr.ObserverContext(codes.DCM.Person, attributes)
