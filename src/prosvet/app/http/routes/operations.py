"""`/v1/operations`: the state of the hospital's side, what retention would take, and the audit log's chain."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from prosvet.app.http.deps import ContextDep, require
from prosvet.hospital.operations.audit_api import AuditVerifyRequest, AuditVerifyResult
from prosvet.hospital.operations.audit_api import run as verify
from prosvet.hospital.operations.health_api import HealthRequest, HealthResult
from prosvet.hospital.operations.health_api import run as examine
from prosvet.hospital.operations.retention_api import RetentionRequest, RetentionResult
from prosvet.hospital.operations.retention_api import run as retain

__all__ = ["router"]

router = APIRouter(prefix="/v1/operations", tags=["hospital"])

_ADMIN = [Depends(require("admin"))]


@router.get(
    "/health", summary="How each part does", dependencies=[Depends(require("reader"))],
    responses={503: {"model": HealthResult, "description": "A part does not do its work."}},
)  # fmt: skip
def health(context: ContextDep, response: Response, node: bool = False) -> HealthResult:
    """Archive, disk, DICOM node, exams, outbox; 503 when one fails. With `node`, a stopped node is a failure."""
    result = examine(HealthRequest(node=node), context)
    response.status_code = 200 if result.ok else 503
    return result


@router.get("/retention", summary="What retention would take", dependencies=_ADMIN)
def retention(context: ContextDep) -> RetentionResult:
    """Counts; nothing is changed. It is done by ``prosvet retention run``."""
    return retain(RetentionRequest(dry_run=True), context)


Mark = Annotated[
    str | None,
    Query(pattern=r"^[1-9]\d{0,11}:[0-9a-f]{64}$", description="LINE:HASH that an earlier answer named as `mark`."),
]


@router.get("/audit", summary="Is the audit log whole?", dependencies=_ADMIN)
def audit(context: ContextDep, expect: Mark = None) -> AuditVerifyResult:
    """Follows the chain; the first line that does not fit is named."""
    return verify(AuditVerifyRequest(expect=expect), context)
