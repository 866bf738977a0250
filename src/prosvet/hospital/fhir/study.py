"""ImagingStudy of the objects that were given, Device of the algorithm, Provenance of the report."""

from __future__ import annotations

from pydicom.dataset import Dataset

from prosvet.hospital.fhir.scene import Resource, Scene, day_of, moment, oid, value_of

__all__ = ["device", "imaging_study", "provenance"]

_CLASSES = "urn:ietf:rfc:3986"
_MODALITIES = "http://dicom.nema.org/resources/ontology/DCM"
_PARTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def imaging_study(scene: Scene) -> Resource:
    """The study, as far as we were given it."""
    series: dict[str, list[Dataset]] = {}
    for source in scene.sources.all:
        series.setdefault(str(source.SeriesInstanceUID), []).append(source)
    made: Resource = {
        "resourceType": "ImagingStudy",
        "id": scene.id("study"),
        "identifier": [{"system": "urn:dicom:uid", "value": oid(scene.sources.study)}],
        "status": "available",
        "subject": scene.subject(),
        "numberOfSeries": len(series),
        "numberOfInstances": len(scene.sources.all),
        "series": [_series(number, objects, scene) for number, objects in series.items()],
    }
    if started := day_of(scene.sources.film):
        made["started"] = started
    if order := scene.order():
        made["basedOn"] = order
    if words := value_of(scene.sources.film, "StudyDescription"):
        made["description"] = words
    return made


def device(scene: Scene) -> Resource:
    """The algorithm and its revision."""
    name, revision = scene.device
    made: Resource = {
        "resourceType": "Device",
        "id": scene.device_id,
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{scene.device_id}"}],
        "status": "active",
        "manufacturer": "Prosvet",
        "modelNumber": name,
        "version": [{"value": revision}],
    }
    if scene.version == "R4":
        made["deviceName"] = [{"name": f"Prosvet {name}", "type": "user-friendly-name"}]
    else:
        made["name"] = [{"value": f"Prosvet {name}", "type": "user-friendly-name"}]
    model = scene.results.model
    if model:
        made["note"] = [{"text": f"operating_point={model.operating_point}"}]
    return made


def provenance(scene: Scene, study: str, targets: list[str]) -> Resource:
    """Who said it: the algorithm in its revision, and whoever has signed."""
    signer, by = scene.signer(), {"reference": f"urn:uuid:{scene.device_id}", "display": "@".join(scene.device)}
    agents = [{"type": _part("author" if signer is None else "assembler"), "who": by}]
    if signer:
        agents.insert(0, {"type": _part("attester"), "who": signer})
    return {
        "resourceType": "Provenance",
        "id": scene.id("provenance", scene.basis),
        "target": [{"reference": one} for one in targets],
        "recorded": moment(scene.at),
        "agent": agents,
        "entity": [{"role": "source", "what": {"reference": study}}],
    }


def _series(number: str, objects: list[Dataset], scene: Scene) -> Resource:
    modality = {"system": _MODALITIES, "code": value_of(objects[0], "Modality") or "OT"}
    return {
        "uid": number,
        "modality": modality if scene.version == "R4" else {"coding": [modality]},
        "numberOfInstances": len(objects),
        "instance": [
            {
                "uid": str(one.SOPInstanceUID),
                "sopClass": {"system": _CLASSES, "code": oid(str(one.SOPClassUID))},
            }
            for one in objects
        ],
    }


def _part(code: str) -> Resource:
    return {"coding": [{"system": _PARTS, "code": code}]}
