"""What the node speaks: storage classes and transfer syntaxes that a chest X-ray comes in, and the others."""

from __future__ import annotations

from collections.abc import Iterable

import pydicom.uid
from pydicom.uid import UID
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext, build_context
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import register_uid, uid_to_service_class

from prosvet.core.errors import InvalidSettings
from prosvet.hospital.config import FILE, Node, Routing

__all__ = [
    "CHEST_CLASSES",
    "COMMITMENT",
    "COMMITMENT_INSTANCE",
    "FIND",
    "GET",
    "MOVE",
    "PATIENT_FIND",
    "PATIENT_GET",
    "PATIENT_MOVE",
    "QUERIES",
    "TRANSFER_SYNTAXES",
    "VERIFICATION",
    "contexts",
    "route",
]

CHEST_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.1",  # computed radiography
    "1.2.840.10008.5.1.4.1.1.1.1",  # digital X-ray, for presentation
    "1.2.840.10008.5.1.4.1.1.1.1.1",  # digital X-ray, for processing
    "1.2.840.10008.5.1.4.1.1.7",  # secondary capture: digitised film, old fluorographs
    "1.2.840.10008.5.1.4.1.1.7.1",
    "1.2.840.10008.5.1.4.1.1.7.2",
    "1.2.840.10008.5.1.4.1.1.7.3",
    "1.2.840.10008.5.1.4.1.1.7.4",
    "1.2.840.10008.5.1.4.1.1.12.1",  # X-ray angiographic and radiofluoroscopic: C-arms, some fluorographs
    "1.2.840.10008.5.1.4.1.1.12.2",
)
TRANSFER_SYNTAXES = (
    "1.2.840.10008.1.2.1",  # explicit, little endian
    "1.2.840.10008.1.2",  # implicit
    "1.2.840.10008.1.2.4.70",  # JPEG lossless, first order
    "1.2.840.10008.1.2.4.57",  # JPEG lossless
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.201",  # HTJ2K lossless
    "1.2.840.10008.1.2.4.202",  # HTJ2K lossless, resolution first
    "1.2.840.10008.1.2.5",  # RLE
    "1.2.840.10008.1.2.1.99",  # deflated
    "1.2.840.10008.1.2.2",  # explicit, big endian
    "1.2.840.10008.1.2.4.203",  # HTJ2K
    "1.2.840.10008.1.2.4.91",  # JPEG 2000
    "1.2.840.10008.1.2.4.81",  # JPEG-LS near-lossless
    "1.2.840.10008.1.2.4.51",  # JPEG extended
    "1.2.840.10008.1.2.4.50",  # JPEG baseline
)
VERIFICATION = "1.2.840.10008.1.1"
COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{number}" for number in (1, 2, 3))  # study root
PATIENT_FIND, PATIENT_MOVE, PATIENT_GET = (f"1.2.840.10008.5.1.4.1.2.1.{number}" for number in (1, 2, 3))
QUERIES = (FIND, MOVE, GET, PATIENT_FIND, PATIENT_MOVE, PATIENT_GET)
_PLAIN = TRANSFER_SYNTAXES[:2]


class _Contexts(list[PresentationContext]):
    """Shared by all associations: negotiation only reads them, and a copy for each of 200 would cost 20 ms."""

    def __deepcopy__(self, _memo: object) -> list[PresentationContext]:
        return list(self)


def contexts(node: Node, *, queried: bool = False) -> list[PresentationContext]:
    """The presentation contexts of `node`; `queried`: others may look and fetch.

    Raises
    ------
    InvalidSettings
        For an extra class that is neither a UID nor a keyword of PS3.6.
    """
    classes = dict.fromkeys(CHEST_CLASSES)
    classes.update(dict.fromkeys(_extra(node.extra_classes)))
    if node.unknown_class == "keep":
        classes.update(dict.fromkeys(str(one.abstract_syntax) for one in AllStoragePresentationContexts))
    made = _Contexts(build_context(uid, list(TRANSFER_SYNTAXES)) for uid in classes)
    if queried:
        for one in made:  # who fetches by C-GET takes objects on its own association
            one.scu_role = one.scp_role = True
        made += [build_context(uid, list(_PLAIN)) for uid in QUERIES]
    made.append(build_context(VERIFICATION, list(_PLAIN)))
    commitment = build_context(COMMITMENT, list(_PLAIN))
    commitment.scu_role = commitment.scp_role = True  # they ask us; and they report what we asked them
    made.append(commitment)
    return made


def _extra(names: Iterable[str]) -> list[str]:
    made = []
    for name in names:
        known = getattr(pydicom.uid, name, None)  # a keyword: CTImageStorage
        uid = known if isinstance(known, UID) else UID(name)
        if not uid.is_valid:
            raise InvalidSettings(name=f"{FILE}: node.extra_classes", reason=name)
        _serve(uid)
        made.append(str(uid))
    return made


def _serve(uid: UID) -> None:
    """Let the library treat a class that it does not know, a private one, as storage."""
    if uid_to_service_class(uid).__name__ == "ServiceClass":
        register_uid(uid, f"Prosvet_{uid.replace('.', '_')}", StorageServiceClass)


def route(sop_class: str, modality: str, body_part: str, routing: Routing) -> str | None:
    """Why an object is kept and passed by, or None when it goes to the image gate.

    An object that names no modality or no body part is left to the gate.

    Examples
    --------
    >>> route("1.2.840.10008.5.1.4.1.1.1", "CR", "CHEST", Routing())
    >>> route("1.2.840.10008.5.1.4.1.1.1", "CR", "FOOT", Routing())
    'body_part'
    """
    if sop_class not in CHEST_CLASSES:
        return "sop_class"
    if modality and modality not in routing.modalities:
        return "modality"
    if body_part and not any(part in body_part for part in routing.body_parts):
        return "body_part"
    return None
