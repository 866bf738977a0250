"""A job as its faces show it."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field

from prosvet.archive.schema_app import Job
from prosvet.core.errors import ProsvetError, by_code
from prosvet.core.i18n import Lang
from prosvet.core.types import Frozen, Moment

__all__ = ["COLUMNS", "ENDED", "STATES", "JobError", "JobState", "JobView", "error_of", "spoken", "view_of"]

JobState = Literal["waiting", "running", "done", "failed", "cancelled", "stopped"]
STATES: tuple[JobState, ...] = get_args(JobState)
"""waiting: its turn has not come; running; done; failed: see its error; cancelled: somebody asked for it; stopped: the
program ended while it ran. All but done can go on again."""
ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled", "stopped")


class JobError(Frozen):
    """Why a job failed: the one shape of an error."""

    code: str
    message: str
    hint: str
    details: dict[str, Any] = Field(default_factory=dict)


class JobView(Frozen):
    """One job.

    Attributes
    ----------
    capability, subject : str
        What it does, and with what: names of files, never of patients.
    step : str
        Key under ``progress`` in the locales of what it is doing; empty before the first step.
    done : int
        Items of this step that are behind it.
    total : int or None
        Items of this step, where they were counted beforehand.
    cancelling : bool
        It was asked to stop, and will at its next item.
    result : dict or None
        The capability's own result.
    created, started, finished : datetime or None
        UTC, without a zone.
    """

    id: str
    capability: str
    subject: str
    owner: str
    state: JobState
    step: str = ""
    done: int = Field(default=0, ge=0)
    total: int | None = Field(default=None, ge=0)
    cancelling: bool = False
    result: dict[str, Any] | None = None
    error: JobError | None = None
    created: Moment
    started: Moment | None = None
    finished: Moment | None = None

    @property
    def ended(self) -> bool:
        """Nothing more happens unless it is resumed."""
        return self.state in ENDED

    @property
    def share(self) -> float | None:
        """Part of the step that is done, 0..1; None where its length is not known."""
        if self.state == "done":
            return 1.0
        return min(1.0, self.done / self.total) if self.total else None


COLUMNS = (
    Job.id, Job.capability, Job.subject, Job.owner, Job.state, Job.label.label("step"), Job.done, Job.total,
    Job.cancelling, Job.result, Job.error, Job.created, Job.started, Job.finished,
)  # fmt: skip
"""What is asked of the table for a view."""


def view_of(row: Any) -> JobView:
    """A row of :data:`COLUMNS` as a view."""
    return JobView.model_validate(dict(row._mapping))


def error_of(error: ProsvetError, lang: Lang) -> JobError:
    """`error` as it is kept; details that are no plain values are left out."""
    plain = {key: value for key, value in error.details.items() if isinstance(value, str | int | float | bool)}
    return JobError(code=error.code, message=error.message(lang), hint=error.hint(lang), details=plain)


def spoken(view: JobView, lang: Lang) -> JobView:
    """`view` with its error in `lang`, where the kept facts fill its words; else in the language of who started it."""
    kind = by_code().get(view.error.code) if view.error else None
    if view.error is None or kind is None:
        return view
    try:
        return view.model_copy(update={"error": error_of(kind(**view.error.details), lang)})
    except (KeyError, ValueError):
        return view
