"""DiagnosticReport: the protocol, preliminary until a doctor has signed it."""

from __future__ import annotations

import base64
from html import escape

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from prosvet.hospital.fhir.scene import Resource, Scene, concept, day_of, moment
from prosvet.hospital.objects.said import conclusion_of, notice_of, protocol_of

__all__ = ["report", "status_of"]

_RADIOLOGY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}


def report(scene: Scene, study: str, observed: list[str]) -> Resource:
    """The report of `study` (its reference) with the observations `observed`."""
    film, signer = scene.sources.film, scene.signer()
    title = Code(codes.LN.DiagnosticImagingReport.value, "LN", scene.say("names.report"))
    number = scene.id("report", scene.basis)
    made: Resource = {
        "resourceType": "DiagnosticReport",
        "id": number,
        "language": scene.results.lang,
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{number}"}],
        "status": status_of(scene),
        "category": [_RADIOLOGY],
        "code": concept(title),
        "subject": scene.subject(),
        "issued": moment(scene.at),
        "result": [{"reference": one} for one in observed],
        "imagingStudy" if scene.version == "R4" else "study": [{"reference": study}],
    }
    if when := day_of(film):
        made["effectiveDateTime"] = when
    if order := scene.order():
        made["basedOn"] = order
    if signer:
        made["performer"] = made["resultsInterpreter"] = [signer]
    _with_words(made, scene)
    return made


def status_of(scene: Scene) -> str:
    """``preliminary`` of the program; of a doctor ``final``, and ``appended`` once there is an addendum."""
    if scene.results.signed is None:
        return "preliminary"
    return "appended" if any(part.name == "addendum" for part in scene.results.parts) else "final"


def _with_words(made: Resource, scene: Scene) -> None:
    """Text, conclusion and narrative; what is unsigned bears its notice in each of them."""
    notice, words = notice_of(scene.results), protocol_of(scene.results)
    whole = "\n\n".join(one for one in (notice, words) if one)
    if whole:
        paragraphs = "".join(f"<p>{escape(one).replace(chr(10), '<br/>')}</p>" for one in whole.split("\n\n"))
        made["text"] = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'}
    if words:
        made["presentedForm"] = [{
            "contentType": "text/plain; charset=utf-8", "language": scene.results.lang,
            "data": base64.b64encode(whole.encode()).decode(), "title": scene.say("names.report"),
        }]  # fmt: skip
    conclusion = conclusion_of(scene.results)
    if conclusion:
        made["conclusion"] = f"{notice}\n{conclusion}" if notice else conclusion
