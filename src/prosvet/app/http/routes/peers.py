"""`/v1/peers`: the hospital's systems. What names a patient travels in bodies, never in addresses."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field

from prosvet.app.http.deps import ContextDep
from prosvet.core.types import Frozen
from prosvet.hospital.peers.api import PeersRequest, PeersResult, Sought, run

__all__ = ["router"]

router = APIRouter(prefix="/v1/peers", tags=["peers"])

Name = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", description="A name of hospital.toml.", examples=["pacs"])
]


class FindBody(Sought):
    """Which studies."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"patient_id": "0042"}]})


class FetchBody(Frozen):
    """Whose priors."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"patient_id": "0042", "most": 3}]})

    patient_id: str = Field(min_length=1, max_length=64, repr=False)
    since: date | None = None
    until: date | None = None
    modalities: tuple[str, ...] = Field(default=(), max_length=16)
    how: Literal["get", "move"] = "get"
    most: int = Field(default=5, ge=1, le=20)


class WorklistBody(Frozen):
    """Which planned steps."""

    patient_id: str = Field(default="", max_length=64, repr=False)
    modality: str = Field(default="", max_length=16)
    day: date | None = None
    most: int = Field(default=100, ge=1, le=500)


@router.get("", summary="List the hospital's systems")
def list_(context: ContextDep) -> PeersResult:
    """What ``hospital.toml`` says of them, without secrets."""
    return run(PeersRequest(), context)


@router.post("/{name}/echo", summary="Ask whether a system answers")
def echo(name: Name, context: ContextDep) -> PeersResult:
    """An error tells why it does not."""
    return run(PeersRequest(action="echo", peer=name), context)


@router.post("/{name}/find", summary="Look for studies in a PACS")
def find(name: Name, body: FindBody, context: ContextDep) -> PeersResult:
    """The newest first."""
    return run(PeersRequest(action="find", peer=name, **body.model_dump()), context)


@router.post("/{name}/fetch", summary="Fetch a patient's priors")
def fetch(name: Name, body: FetchBody, context: ContextDep) -> PeersResult:
    """The newest films go into the archive, under its pseudonyms."""
    return run(PeersRequest(action="fetch", peer=name, **body.model_dump()), context)


@router.post("/{name}/worklist", summary="Ask for the modality worklist")
def worklist(name: Name, body: WorklistBody, context: ContextDep) -> PeersResult:
    """Planned steps in the order of their times."""
    asked = body.model_dump(exclude={"modality"})
    return run(
        PeersRequest(action="worklist", peer=name, modalities=(body.modality,) if body.modality else (), **asked),
        context,
    )
