"""The bundle: a transaction that may be sent twice, checked against the types of the standard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from prosvet.core.errors import ResultError
from prosvet.core.optional import require
from prosvet.hospital.fhir.observations import observations
from prosvet.hospital.fhir.report import report
from prosvet.hospital.fhir.scene import Resource, Scene, Version, moment
from prosvet.hospital.fhir.study import device, imaging_study, provenance
from prosvet.hospital.objects.results import Results
from prosvet.hospital.objects.sources import read_sources

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["bundle", "write"]

_TYPES: dict[Version, str] = {"R4": "fhir.resources.R4B.bundle", "R5": "fhir.resources.bundle"}


def bundle(sources: Sequence[Dataset | Path], results: Results, *, at: datetime, version: Version = "R4") -> Resource:
    """What was read or signed of a study, as a transaction.

    Parameters
    ----------
    sources : sequence of pydicom.Dataset or Path
        Objects of the study as they came, pixels not needed.
    at : datetime
        When it was read or signed.

    Returns
    -------
    dict
        A Bundle. Ids follow from the study and from whose word it is, so that a second transaction changes what the
        first one made; a study that the server knows by its UID stays as it is.

    Raises
    ------
    ResultError
        When the sources are not of one study, a UID is missing, or FHIR cannot say a value of the header.
    MissingExtra
    """
    require("fhir.resources", "hospital")
    scene = Scene(read_sources(sources, results.film), results, at if at.tzinfo else at.astimezone(), version)
    study, observed = imaging_study(scene), observations(scene)
    place = _place(study)
    told = report(scene, place, [_place(one) for one in observed])
    whose = provenance(scene, place, [_place(one) for one in (told, *observed)])
    made: Resource = {
        "resourceType": "Bundle",
        "type": "transaction",
        "timestamp": moment(scene.at),
        "entry": [_entry(one) for one in (device(scene), study, *observed, told, whose)],
    }
    _check(made, version)
    return made


def write(made: Resource) -> bytes:
    """The JSON of a bundle, the same bytes for the same bundle."""
    return json.dumps(made, ensure_ascii=False, indent=1).encode()


def _place(resource: Resource) -> str:
    return f"urn:uuid:{resource['id']}"


def _entry(resource: Resource) -> Resource:
    kind = resource["resourceType"]
    request: Resource = {"method": "PUT", "url": f"{kind}/{resource['id']}"}
    if kind == "ImagingStudy":
        # The PACS may have told of its study already, and knows more of it than we do.
        known = resource["identifier"][0]
        request = {"method": "POST", "url": kind, "ifNoneExist": f"identifier={known['system']}|{known['value']}"}
    return {"fullUrl": _place(resource), "resource": resource, "request": request}


def _check(made: Resource, version: Version) -> None:
    try:
        import_module(_TYPES[version]).Bundle.model_validate(made)
    except ValidationError as error:
        # Where, and never what: the value may be the patient's.
        where = ".".join(str(one) for one in error.errors(include_input=False)[0]["loc"])
        raise ResultError(reason="not_fhir", keyword=where) from None
