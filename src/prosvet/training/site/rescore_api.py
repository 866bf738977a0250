"""The capability site.rescore: the films of the archive get the scores of the model in force."""

from __future__ import annotations

from prosvet.archive.catch_up import encode_films
from prosvet.archive.files import FileStore
from prosvet.archive.rescore import elsewhere, rescore
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden
from prosvet.core.types import Frozen
from prosvet.models.deployed import in_force
from prosvet.models.examine import Examiner

__all__ = ["RescoreRequest", "RescoreResult", "run"]

_PART = 16  # films of a transaction


class RescoreRequest(Frozen):
    """All films; nothing to say."""


class RescoreResult(Frozen):
    """How many films were scored again from what is kept of them, and how many the networks examined anew."""

    model: str
    films: int
    examined: int


def run(request: RescoreRequest, context: Context) -> RescoreResult:
    """Score every film that has another model's scores; it may be stopped and begun again.

    Films of the same base revision are scored from their vectors, at once; those of another base, as after a model was
    retrained, are examined anew, which takes as long as taking them in.

    Raises
    ------
    Forbidden
        For whoever is not a senior.
    """
    del request
    if not context.actor.may("senior"):
        raise Forbidden(role="senior")
    settings, store = context.settings, context.get(Store)
    found = in_force(settings)
    films = rescore(store, found, settings.operating_point, context.progress)
    others = elsewhere(store, found)
    parts = [others[start : start + _PART] for start in range(0, len(others), _PART)]
    for part in context.progress.track(parts, "examine_again", total=len(parts)):
        encode_films(store, context.get(FileStore), context.get(Examiner), settings, part)
    model = f"{found.card.name}@{found.card.revision}"
    AuditLog.from_context(context).write(
        "site_rescore", site=settings.site, model=model, films=films, examined=len(others)
    )
    return RescoreResult(model=model, films=films, examined=len(others))
