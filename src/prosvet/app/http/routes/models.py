"""`/v1/models`: the cards, one whole, and whether its weights are those that it describes."""

from __future__ import annotations

from fastapi import APIRouter

from prosvet.app.http.deps import ContextDep
from prosvet.models.api import ModelsRequest, ModelsResult, run

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["models"])


@router.get("/models", summary="List models")
def list_(context: ContextDep) -> ModelsResult:
    """Every card, shipped or of this archive."""
    return run(ModelsRequest(action="list"), context)


@router.get("/models/{name}", summary="Show a model's card")
def show(name: str, context: ContextDep) -> ModelsResult:
    """One card: labels, operating points, training data, figures with intervals, known limits."""
    return run(ModelsRequest(action="show", name=name), context)


@router.post("/models/{name}/verify", summary="Verify a model's weights")
def verify(name: str, context: ContextDep) -> ModelsResult:
    """Compare each file of weights with the hash in the card: `verified` is false where they differ."""
    return run(ModelsRequest(action="verify", name=name), context)
