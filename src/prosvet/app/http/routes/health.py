"""Is the process alive, and can it do its work?"""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from prosvet import __version__
from prosvet.app.http.deps import ContextDep
from prosvet.archive.store import Store
from prosvet.models.deployed import card_in_force

__all__ = ["router"]

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Alive."""

    model_config = ConfigDict(extra="forbid")

    status: str = "ok"
    version: str = __version__


class Readiness(Health):
    """Ready: the archive answers and the model's card is there."""

    studies: int
    model: str
    revision: str


@router.get("/healthz")
def healthz() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz")
def readyz(context: ContextDep) -> Readiness:
    """The archive and the model answer; an error when one does not."""
    card = card_in_force(context.settings)
    studies = context.get(Store).counts().studies
    return Readiness(studies=studies, model=card.name, revision=card.revision)
