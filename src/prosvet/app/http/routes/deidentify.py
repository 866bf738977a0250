"""`/v1/deidentify`: exports for research as jobs; an administrator's matter, for it reads folders of the server."""

from __future__ import annotations

from pathlib import Path as File
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import ConfigDict, Field

from prosvet.app.http.accepted import accepted
from prosvet.app.http.deps import ContextDep, require
from prosvet.app.jobs.view import JobView
from prosvet.core.types import Frozen
from prosvet.hospital.deidentify.api import NAME, DeidentifyRequest, DeidentifyResult, run
from prosvet.hospital.deidentify.options import Options

__all__ = ["router"]

router = APIRouter(prefix="/v1/deidentify", tags=["deidentify"], dependencies=[Depends(require("admin"))])

Name = Annotated[str, Path(pattern=NAME, description="Name of the export.", examples=["spring"])]


class ExportBody(Frozen):
    """An export: of a cohort, or of a folder of the server."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "spring", "cohort": "1"}]})

    name: str = Field(pattern=NAME)
    cohort: str = Field(default="", max_length=120)
    folder: str = Field(default="", max_length=4096)
    keep_key: bool = True
    options: Options = Options()


@router.get("", summary="List exports")
def list_(context: ContextDep) -> DeidentifyResult:
    """Exports of this archive, the newest first."""
    return run(DeidentifyRequest(action="list"), context)


@router.post("", status_code=202, summary="Begin an export")
def begin(body: ExportBody, response: Response, context: ContextDep) -> JobView:
    """Put a job in. The export lies under ``exports`` in the archive's home when it is whole."""
    request = DeidentifyRequest(
        source=File(body.folder) if body.folder else None, cohort=body.cohort, name=body.name,
        keep_key=body.keep_key, options=body.options,
    )  # fmt: skip
    run(request.model_copy(update={"action": "ready"}), context)
    return accepted("deidentify", request, response, context)


@router.get("/{name}", summary="Show an export")
def show(name: Name, context: ContextDep) -> DeidentifyResult:
    """Its report: what was changed in each file, without the values."""
    return run(DeidentifyRequest(action="show", name=name), context)
