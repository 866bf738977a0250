"""The job that reads the archive's films again, after the model in force has changed."""

from __future__ import annotations

from prosvet.app.jobs.runner import Runner
from prosvet.app.jobs.view import JobView
from prosvet.core.context import Context
from prosvet.training.site.rescore_api import RescoreRequest

__all__ = ["read_again"]


def read_again(context: Context) -> JobView:
    """Put the job in."""
    return context.get(Runner).submit("site.rescore", RescoreRequest(), context)
