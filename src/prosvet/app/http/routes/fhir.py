"""A study's results as FHIR and as HL7 v2: returned, or sent to the hospital's own system."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from prosvet.app.http.attachment import attachment
from prosvet.app.http.deps import ContextDep
from prosvet.core.i18n import Lang
from prosvet.core.optional import require
from prosvet.hospital.fhir.api import FhirRequest, FhirResult
from prosvet.hospital.fhir.api import run as make_bundle
from prosvet.hospital.fhir.scene import Version
from prosvet.hospital.hl7.api import Encoding, Hl7Request, Hl7Result
from prosvet.hospital.hl7.api import run as make_message

__all__ = ["router"]

router = APIRouter(prefix="/v1/studies/{study}", tags=["results"])

StudyId = Annotated[str, Path(max_length=200, description="Id of the study.", examples=["SQXC6ZTZW2AEQ"])]
Spoken = Annotated[Lang | None, Query(description="Of an unsigned result.")]
_FHIR, _HL7 = "application/fhir+json", "x-application/hl7-v2+er7"


@router.get("/fhir", response_class=Response, responses={200: {"content": {_FHIR: {}}, "description": "A bundle."}})
def export_fhir(
    study: StudyId,
    context: ContextDep,
    version: Annotated[Version | None, Query(description="R4 or R5.")] = None,
    lang: Spoken = None,
) -> Response:
    """A transaction; ``X-Basis`` tells if it is of a signed protocol, ``X-Identified`` if it names the patient."""
    require("fhir.resources", "hospital")
    made = make_bundle(FhirRequest(study=study, version=version, lang=lang), context)
    return attachment(made, _FHIR)


@router.post("/fhir/push", summary="Send to the FHIR server")
def push_fhir(study: StudyId, context: ContextDep) -> FhirResult:
    """It is read back before it counts; a later issue that the server has stays."""
    require("fhir.resources", "hospital")
    return make_bundle(FhirRequest(study=study, push=True), context)


@router.get("/hl7", response_class=Response, responses={200: {"content": {_HL7: {}}, "description": "A message."}})
def export_hl7(
    study: StudyId,
    context: ContextDep,
    encoding: Annotated[Encoding | None, Query(description="Of the message (MSH-18).")] = None,
    lang: Spoken = None,
) -> Response:
    """ORU^R01 of HL7 v2.5."""
    require("hl7apy", "hospital")
    return attachment(make_message(Hl7Request(study=study, encoding=encoding, lang=lang), context), _HL7)


@router.post("/hl7/push", summary="Send to the HL7 receiver")
def push_hl7(study: StudyId, context: ContextDep) -> Hl7Result:
    """Over MLLP; only an acknowledgement of this very message counts."""
    require("hl7apy", "hospital")
    return make_message(Hl7Request(study=study, push=True), context)
