"""Server-sent events: a job's row each time it changes, a heartbeat between, the end with the job's end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from prosvet.app.jobs.runner import Runner
from prosvet.app.jobs.view import spoken
from prosvet.core.context import Context
from prosvet.core.errors import NotFound

__all__ = ["HEARTBEAT", "job_events", "stream"]

HEARTBEAT = 10.0
"""Seconds after which a silent stream says that it is alive, and looks whether another process changed the job."""
_ELSEWHERE = 1.0  # seconds between looks at a job that another process runs, which cannot wake us


async def job_events(job: str, context: Context, heartbeat: float = HEARTBEAT) -> AsyncIterator[str]:
    """Events ``progress`` while the job goes on and one ``end``, each with the whole job as JSON.

    No thread is held between events, and no change is kept for a slow listener: it gets the latest.
    """
    runner, last, silent = context.get(Runner), None, 0.0
    with runner.hub.listening(job) as changed:
        while True:
            changed.clear()
            try:
                view = await run_in_threadpool(runner.book.get, job, context.actor)
            except NotFound:
                return
            if view != last:
                words = spoken(view, context.lang).model_dump_json()
                yield f"event: {'end' if view.ended else 'progress'}\ndata: {words}\n\n"
                last = view
            if view.ended:
                return
            wait = heartbeat if runner.leads else min(_ELSEWHERE, heartbeat)
            try:
                await asyncio.wait_for(changed.wait(), wait)
                silent = 0.0
            except TimeoutError:
                silent += wait
                if silent >= heartbeat:
                    silent = 0.0
                    yield ": still here\n\n"


def stream(events: AsyncIterator[str]) -> StreamingResponse:
    """`events` as an answer that nobody on the way keeps back."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)
