"""The capability screen.line: how the line stands, stop it, open it, on the latest calibration or an earlier one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.core.clock import day_begins, today
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden
from prosvet.core.types import Frozen, Moment
from prosvet.screening.calibrations import Calibration, versions
from prosvet.screening.flow import Flow, KnownMiss, calibration_misses, flow
from prosvet.screening.line import Event, Line, events, line, open_line, stop

__all__ = ["LineRequest", "LineResult", "Version", "run"]


class LineRequest(Frozen):
    """One step; ``stop`` takes a reason, ``open`` a name and a note."""

    action: Literal["show", "stop", "open"] = "show"
    by: str = Field(default="", max_length=60, description="Who does it, where nobody signs in.")
    reason: str = Field(default="by_hand", min_length=1, max_length=500, description="Why it is stopped.")
    note: str = Field(default="", max_length=2000, description="Why it may be open.")
    calibration: int | None = Field(default=None, ge=1, description="Open on this one; the latest by default.")
    audit_share: float | None = Field(default=None, ge=0, le=1, description="Share read blind, 0..1.")


class Version(Frozen):
    """A calibration of the site in one line."""

    id: int
    version: int
    created: Moment
    by: str
    model: str
    max_missed: float
    confidence: float
    threshold: float
    cleared: float | None
    n_abnormal: int


class LineResult(Frozen):
    """The line, today's flow, the last turns, the calibrations, and the misses of the one in force."""

    line: Line
    today: Flow
    events: tuple[Event, ...]
    versions: tuple[Version, ...]
    misses: tuple[KnownMiss, ...]


def run(request: LineRequest, context: Context) -> LineResult:
    """Take one step and show the line.

    Any reader may stop the line; only a senior with a name opens it.

    Raises
    ------
    Forbidden, ScreeningError, NotFound
    """
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    site = context.settings.site
    if request.action == "stop":
        named = context.actor.name if context.actor.name != "local" else request.by.strip() or "local"
        stop(context, site, request.reason, named)
    elif request.action == "open":
        open_line(context, site, request.by, request.note, calibration=request.calibration,
                  audit_share=request.audit_share)  # fmt: skip
    found, kept = line(context, site), versions(context, site)
    used = next((one for one in kept if one.id == found.calibration), None)
    return LineResult(
        line=found, today=flow(context, site, day_begins(today())), events=events(context, site),
        versions=tuple(_version(one) for one in kept), misses=calibration_misses(context, used) if used else (),
    )  # fmt: skip


def _version(one: Calibration) -> Version:
    return Version(
        id=one.id, version=one.version, created=one.created, by=one.by, model=one.model, max_missed=one.max_missed,
        confidence=one.confidence, threshold=one.threshold, cleared=one.report["cleared"]["value"],
        n_abnormal=one.report["n_abnormal"],
    )  # fmt: skip
