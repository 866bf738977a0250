"""The answer to a request that became a job."""

from __future__ import annotations

from fastapi import Response
from pydantic import BaseModel

from prosvet.app.jobs.runner import Runner
from prosvet.app.jobs.view import JobView
from prosvet.core.context import Context

__all__ = ["accepted"]


def accepted(capability: str, request: BaseModel, response: Response, context: Context) -> JobView:
    """Put the job in; `response` says where it is to be looked at."""
    view = context.get(Runner).submit(capability, request, context)
    response.headers["Location"] = f"/v1/jobs/{view.id}"
    return view
