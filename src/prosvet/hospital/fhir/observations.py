"""Findings and measurements, an Observation each. What was not assessed says so, and has no value."""

from __future__ import annotations

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from prosvet.core.i18n import text
from prosvet.core.types import Finding, Measurement, Status
from prosvet.hospital.fhir.scene import Resource, Scene, concept, day_of, moment
from prosvet.hospital.objects.codes import (
    concept_code,
    laterality_code,
    own,
    severity_code,
    site_code,
    status_code,
)
from prosvet.hospital.objects.said import findings_of, widths_of

__all__ = ["observations"]

_UNITS = "http://unitsofmeasure.org"
_CATEGORY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging"}]}
_NOT_PERFORMED = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def observations(scene: Scene) -> list[Resource]:
    """Measurements first, then a resource for each finding."""
    measured = [_measured(one, scene) for one in scene.results.measurements]
    return measured + [_finding(one, scene) for one in findings_of(scene.results)]


def _frame(name: str, code: Code, scene: Scene) -> Resource:
    signer = scene.signer()
    made: Resource = {
        "resourceType": "Observation",
        "id": scene.id("observation", scene.basis, name),
        "status": "final" if signer else "preliminary",
        "category": [_CATEGORY],
        "code": concept(code),
        "subject": scene.subject(),
        "issued": moment(scene.at),
    }
    if when := day_of(scene.sources.film):
        made["effectiveDateTime"] = when
    if signer:
        made["performer"] = [signer]
    elif scene.results.model:
        made["device"] = {"reference": f"urn:uuid:{scene.device_id}"}
    return made


def _finding(finding: Finding, scene: Scene) -> Resource:
    lang = scene.results.lang
    made = _frame(finding.concept, concept_code(finding.concept, lang), scene)
    status = status_code(finding.status, lang)
    if finding.status is Status.NOT_ASSESSED:
        made["dataAbsentReason"] = {
            "coding": [{"system": _NOT_PERFORMED, "code": "not-performed"}], "text": status.meaning,
        }  # fmt: skip
    else:
        made["valueCodeableConcept"] = concept(status)
    parts: list[Resource] = []
    site = site_code(finding, lang)
    if site is not None:
        made["bodySite"] = concept(site)
        side = laterality_code(finding, site, lang)
        if side is not None:
            made["bodySite"]["text"] = f"{site.meaning}, {side.meaning}"
            parts.append(
                {
                    "code": concept(codes.SCT.Laterality, text("fhir.laterality", lang)),
                    "valueCodeableConcept": concept(side),
                }
            )
    if finding.severity:
        name = concept(codes.SCT.Severity, scene.say("names.severity"))
        parts.append({"code": name, "valueCodeableConcept": concept(severity_code(finding.severity, lang))})
    if finding.probability is not None and scene.results.signed is None and scene.results.model:
        name = concept(codes.DCM.Probability, scene.say("names.probability"))
        parts.append({"code": name, "valueQuantity": _quantity(round(100 * finding.probability, 1), "%", "%")})
    if parts:
        made["component"] = parts
    return made


def _measured(one: Measurement, scene: Scene) -> Resource:
    made = _frame(one.name, own(one.name, scene.say(f"names.{one.name}")), scene)
    made["bodySite"] = concept(Code(codes.SCT.Heart.value, "SCT", scene.say("site.heart")))
    made["valueQuantity"] = _quantity(one.value, "{ratio}", "")
    widths = widths_of(one, scene.sources, scene.results)
    if widths:
        made["component"] = [
            {
                "code": concept(width.code, f"{width.code.meaning}, {width.plane}"),
                "valueQuantity": _quantity(width.millimetres, "mm", "mm"),
            }
            for width in widths
        ]
    return made


def _quantity(value: float, code: str, shown: str) -> Resource:
    made: Resource = {"value": value, "system": _UNITS, "code": code}
    return {**made, "unit": shown} if shown else made
