"""`/v1/federated`: the federations that this archive coordinates, their rounds, and the open round's file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from prosvet.app.http.deps import ContextDep
from prosvet.training.federated.api import FederateRequest, FederateResult, run
from prosvet.training.federated.federation import Federation

__all__ = ["router"]

router = APIRouter(prefix="/v1/federated", tags=["federated"])

_Name = Annotated[str, Path(max_length=40, description="Name of the federation.")]


@router.get("", summary="List federations")
def list_(context: ContextDep) -> FederateResult:
    """Plans and finished rounds: sites, films by finding, hashes, bytes."""
    return run(FederateRequest(), context)


@router.get("/{name}", summary="Show a federation")
def show(name: _Name, context: ContextDep) -> FederateResult:
    """One federation."""
    return run(FederateRequest(name=name), context)


@router.get(
    "/{name}/round", summary="The open round's file", response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
                     "description": "Arrays and a signed header."}},
)  # fmt: skip
def round_file(name: _Name, context: ContextDep) -> Response:
    """What every site answers next; it holds no data of patients and no keys."""
    run(FederateRequest(name=name), context)
    path = Federation.open(context.settings.home, name).state_path()
    headers = {"Content-Disposition": f'attachment; filename="{name}-{path.name}"'}
    return Response(path.read_bytes(), headers=headers, media_type="application/octet-stream")
