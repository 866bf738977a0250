"""`GET /v1/doctor`: is everything there, whole and as it was tested?"""

from __future__ import annotations

from fastapi import APIRouter, Depends

from prosvet.app.doctor import DoctorRequest, DoctorResult, run
from prosvet.app.http.deps import ContextDep, require

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["house"])


@router.get("/doctor", summary="Examine the installation", dependencies=[Depends(require("admin"))])
def doctor(context: ContextDep, deep: bool = False) -> DoctorResult:
    """Packages, models, database, files, audit log; with `deep`, every stored file against its hash. For admins."""
    return run(DoctorRequest(deep=deep), context)
