"""/deidentify: an export for research from a cohort or a folder of the server, and the reports of those there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.jobs.api import under_way
from prosvet.app.jobs.runner import Runner
from prosvet.app.web.render import page
from prosvet.core.errors import InvalidRequest
from prosvet.hospital.deidentify.api import NAME, DeidentifyRequest, exports_folder, run
from prosvet.hospital.deidentify.options import Options
from prosvet.search.cohorts.api import CohortRequest
from prosvet.search.cohorts.api import run as cohorts

__all__ = ["router"]

router = APIRouter(prefix="/deidentify", dependencies=[Depends(require("admin"))])

_SHOWN = 200  # files of a report


@router.get("")
def exports(request: Request, context: ContextDep) -> HTMLResponse:
    """A form, what is under way, and the exports."""
    found = run(DeidentifyRequest(action="list"), context).exports
    chosen = cohorts(CohortRequest(action="list"), context).cohorts
    return page(
        request, context, "deidentify.html", exports=found, cohorts=chosen, jobs=under_way("deidentify", context),
        pattern=NAME[1:-1],
    )  # fmt: skip


@router.post("/run")
def begin(
    context: ContextDep,
    name: Annotated[str, Form(max_length=40, pattern=NAME)],
    cohort: Annotated[str, Form(max_length=120)] = "",
    folder: Annotated[str, Form(max_length=4096)] = "",
    dates: Annotated[Literal["shift", "remove"], Form()] = "shift",
    keep: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Put a job in."""
    kept = set(keep or ())
    if not cohort and not folder.strip():
        raise InvalidRequest(name="cohort, folder", reason="one of the two")
    options = Options(
        dates=dates, patient="patient" in kept, descriptors="descriptors" in kept, device="device" in kept,
        keep_markers="keep_markers" in kept,
    )  # fmt: skip
    request = DeidentifyRequest(
        source=None if cohort else Path(folder.strip()), cohort=cohort, name=name, keep_key="keep_key" in kept,
        options=options,
    )  # fmt: skip
    run(request.model_copy(update={"action": "ready"}), context)
    context.get(Runner).submit("deidentify", request, context)
    return RedirectResponse("/deidentify?done=begun", 303)


@router.get("/{name}")
def show(name: str, request: Request, context: ContextDep) -> HTMLResponse:
    """One export's report."""
    result = run(DeidentifyRequest(action="show", name=name), context)
    if result.report is None:
        raise InvalidRequest(name="name", reason=name)
    order = {"withheld": 0, "left_out": 1, "exported": 2}
    files = sorted(result.report.files, key=lambda file: (order[file.state], file.file))
    place = str(exports_folder(context) / name)
    return page(
        request, context, "deidentify_export.html", name=name, report=result.report, files=files[:_SHOWN], place=place
    )  # fmt: skip
