"""The capability double-reading: send studies, read them blind, compare, resolve."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest
from prosvet.core.types import Frozen
from prosvet.reading.double.desk import begin, save, sign
from prosvet.reading.double.form import OpinionFinding
from prosvet.reading.double.queues import Queue, Queues, queues
from prosvet.reading.double.resolving import Decision, resolve
from prosvet.reading.double.sending import Draw, Second, Sent, send
from prosvet.reading.double.views import ReadingView, show

__all__ = ["DoubleReadingRequest", "DoubleReadingResult", "run"]

Action = Literal["send", "list", "show", "begin", "save", "sign", "resolve"]


class DoubleReadingRequest(Frozen):
    """One step; each action takes the fields named after it.

    Attributes
    ----------
    studies, draw, second : send
        Chosen studies, or a sample; who gives the second opinion.
    queue, limit, offset : list
    study : show, begin, save, sign, resolve
    findings, comment : save, sign
        None on signing: as last saved.
    decisions, comment : resolve
        One for every difference.
    """

    action: Action = "list"
    studies: tuple[str, ...] = Field(default=(), max_length=10_000)
    draw: Draw | None = None
    second: Second = "person"
    queue: Queue = "mine"
    limit: int = Field(default=50, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    study: str | None = None
    findings: dict[str, OpinionFinding] | None = None
    decisions: dict[str, Decision] = Field(default_factory=dict)
    comment: str | None = Field(default=None, max_length=4000)


class DoubleReadingResult(Frozen):
    """What the step came to: only what belongs to its action is filled."""

    action: Action
    sent: Sent | None = None
    queues: Queues | None = None
    reading: ReadingView | None = None


def run(request: DoubleReadingRequest, context: Context) -> DoubleReadingResult:
    """Take one step of a double reading, in the name of the context's actor.

    Raises
    ------
    Forbidden
        For whoever is not a reader; resolving needs a senior.
    InvalidRequest
        When the action lacks a field.
    NotFound, UnknownName, DoubleReadingError
        See the module of the step.
    """
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    if request.action == "send":
        return DoubleReadingResult(action="send", sent=send(request.studies, request.draw, request.second, context))
    if request.action == "list":
        found = queues(request.queue, request.limit, request.offset, context)
        return DoubleReadingResult(action="list", queues=found)
    if request.study is None:
        raise InvalidRequest(name="study", reason="field_missing")
    _step(request, request.study, context)
    return DoubleReadingResult(action=request.action, reading=show(request.study, context))


def _step(request: DoubleReadingRequest, study: str, context: Context) -> None:
    if request.action == "begin":
        begin(study, context)
    elif request.action == "save":
        save(study, request.findings or {}, request.comment or "", context)
    elif request.action == "sign":
        sign(study, request.findings, request.comment, context)
    elif request.action == "resolve":
        resolve(study, request.decisions, request.comment or "", context)
