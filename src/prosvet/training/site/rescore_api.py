"""The capability site.rescore: films of the archive scored again by the model in force, with no network run."""

from __future__ import annotations

from prosvet.archive.rescore import rescore
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden
from prosvet.core.types import Frozen
from prosvet.models.deployed import in_force

__all__ = ["RescoreRequest", "RescoreResult", "run"]


class RescoreRequest(Frozen):
    """All films of the model's space; nothing to say."""


class RescoreResult(Frozen):
    """How many films were scored again, and how many another model examined, which have to be examined anew."""

    model: str
    films: int
    other: int


def run(request: RescoreRequest, context: Context) -> RescoreResult:
    """Score again; what is done is passed over, so that it may be stopped and begun again.

    Raises
    ------
    Forbidden
        For whoever is not a senior.
    """
    del request
    if not context.actor.may("senior"):
        raise Forbidden(role="senior")
    settings = context.settings
    found = in_force(settings)
    done = rescore(context.get(Store), found, settings.operating_point, context.progress)
    model = f"{found.card.name}@{found.card.revision}"
    AuditLog.from_context(context).write("site_rescore", site=settings.site, model=model, films=done.films)
    return RescoreResult(model=model, films=done.films, other=done.other)
