"""Jobs over a real ingest: done, failed, cancelled, resumed, and found again after the process was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from prosvet.app.jobs.api import JobsRequest, run
from prosvet.app.jobs.runner import Runner
from prosvet.app.jobs.view import JobView
from prosvet.archive.api import IngestRequest
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.errors import JobRefused, NotFound, UnknownName

Until = Callable[[Runner, str, Callable[[JobView], bool]], JobView]
Films = Callable[[int], Path]


def ingest(folder: Path) -> IngestRequest:
    return IngestRequest(paths=(folder,), encode=False)


def ended(view: JobView) -> bool:
    return view.ended


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is written at every item, so that a test may stop a job where it wants."""
    monkeypatch.setattr("prosvet.app.jobs.progress._EVERY", 0.0)


def test_a_job_runs_to_its_result_and_counts_its_items(
    context: Context, runner: Runner, films: Films, until: Until
) -> None:
    put = runner.submit("ingest", ingest(films(12)), context)
    assert (put.state, put.subject, put.owner, put.share) == ("waiting", "films-12", "local", None)
    view = until(runner, put.id, ended)
    assert (view.state, view.done, view.total, view.step, view.share) == ("done", 12, 12, "ingest", 1.0)
    assert view.result is not None
    assert (view.result["added"], view.result["failed"]) == (12, 0)
    assert view.created <= (view.started or view.created) <= (view.finished or view.created)


def test_a_failed_job_says_why_in_the_language_of_whoever_looks(
    context: Context, runner: Runner, tmp_path: Path, until: Until
) -> None:
    put = runner.submit("ingest", ingest(tmp_path / "nowhere"), context.child(lang="en"))
    assert until(runner, put.id, ended).state == "failed"
    told = {
        lang: run(JobsRequest(action="show", job=put.id), context.child(lang=lang)).jobs[0].error
        for lang in ("ru", "en")
    }
    assert told["en"] is not None and told["ru"] is not None
    assert (told["en"].code, told["en"].message) == ("not_found", "Not found: file nowhere.")
    assert told["ru"].message == "Не найдено: файл nowhere."


def test_jobs_run_one_after_another_in_the_order_they_came(
    context: Context, runner: Runner, films: Films, until: Until
) -> None:
    folder = films(5)
    first, second = (runner.submit("ingest", ingest(folder), context) for _ in range(2))
    later, earlier = until(runner, second.id, ended), until(runner, first.id, ended)
    assert earlier.finished is not None and later.started is not None
    assert earlier.finished <= later.started
    assert later.result is not None and later.result["skipped"] == 5


@pytest.mark.usefixtures("eager")
def test_a_cancelled_job_keeps_what_it_did_and_goes_on_from_there(
    context: Context, runner: Runner, films: Films, until: Until
) -> None:
    put = runner.submit("ingest", ingest(films(300)), context)
    until(runner, put.id, lambda view: view.done > 70)
    asked = run(JobsRequest(action="cancel", job=put.id), context).jobs[0]
    assert asked.cancelling
    assert until(runner, put.id, ended).state == "cancelled"
    kept = context.get(Store).counts().images
    assert 0 < kept < 300
    again = run(JobsRequest(action="resume", job=put.id), context).jobs[0]
    assert again.state in ("waiting", "running")  # the worker may be quicker than the answer
    assert (again.cancelling, again.finished) == (False, None)
    view = until(runner, put.id, ended)
    assert (view.state, view.total) == ("done", 300 - kept)
    assert view.result is not None
    assert (view.result["added"], view.result["skipped"]) == (300 - kept, kept)
    assert context.get(Store).counts().images == 300
    assert verify(context.settings.home / "audit.jsonl") is None


def test_a_waiting_job_is_cancelled_at_once(context: Context, films: Films) -> None:
    idle = context.get(Runner)
    put = idle.submit("ingest", ingest(films(1)), context)
    view = run(JobsRequest(action="cancel", job=put.id), context).jobs[0]
    assert (view.state, view.started) == ("cancelled", None)
    assert idle.book.take() is None


def test_what_has_ended_is_not_cancelled_and_what_is_done_not_resumed(
    context: Context, runner: Runner, films: Films, until: Until
) -> None:
    put = runner.submit("ingest", ingest(films(2)), context)
    until(runner, put.id, ended)
    for action, reason in (("cancel", "ended"), ("resume", "done")):
        with pytest.raises(JobRefused) as refused:
            run(JobsRequest(action=action, job=put.id), context)
        assert refused.value.details["reason"] == reason


def test_a_stopped_program_stops_its_job_which_goes_on_after_the_next_start(
    context: Context, films: Films, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prosvet.app.jobs.progress._EVERY", 0.0)
    runner = context.get(Runner)
    runner.start()
    put = runner.submit("ingest", ingest(films(300)), context)
    until(runner, put.id, lambda view: view.done > 5)
    runner.stop()
    assert runner.book.get(put.id, Actor()).state == "stopped"
    run(JobsRequest(action="resume", job=put.id), context)
    runner.start()
    assert until(runner, put.id, ended).state == "done"
    runner.stop()
    assert context.get(Store).counts().images == 300


_KILLED = """
import sys, time
from pathlib import Path
from prosvet.app.jobs import progress
from prosvet.app.jobs.runner import Runner
from prosvet.archive.api import IngestRequest
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
progress._EVERY = 0.0
context = Context(load_settings({}, home=Path(sys.argv[1]), threads=1))
runner = context.get(Runner)
runner.start()
print(runner.submit("ingest", IngestRequest(paths=(Path(sys.argv[2]),), encode=False), context).id, flush=True)
time.sleep(60)
"""


def test_a_job_whose_process_was_killed_is_found_stopped_and_can_go_on(
    context: Context, films: Films, until: Until
) -> None:
    command = [sys.executable, "-c", _KILLED, str(context.settings.home), str(films(400))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        job = process.stdout.readline().strip()
        runner = context.get(Runner)
        until(runner, job, lambda view: view.done > 70)
        process.send_signal(signal.SIGKILL)
    assert runner.book.get(job, Actor()).state == "running", "nobody was left to say that it is not"
    runner.start()
    assert until(runner, job, ended).state == "stopped"
    run(JobsRequest(action="resume", job=job), context)
    assert until(runner, job, ended).state == "done"
    runner.stop()
    assert context.get(Store).counts().images == 400


def test_only_one_process_runs_the_jobs_of_an_archive(context: Context, runner: Runner, films: Films) -> None:
    until_idle = time.monotonic() + 5
    while not (context.settings.home / "jobs.lock").exists() and time.monotonic() < until_idle:
        time.sleep(0.01)
    with Context(context.settings) as other:
        second = other.get(Runner)
        second.start()
        put = second.submit("ingest", ingest(films(3)), other)
        deadline = time.monotonic() + 20
        while not (view := second.book.get(put.id, Actor())).ended and time.monotonic() < deadline:
            time.sleep(0.02)
        second.stop()
    assert view.state == "done", "the first looks at the table by itself"


def test_others_jobs_are_not_there_but_for_seniors(context: Context, films: Films) -> None:
    idle = context.get(Runner)
    mine = idle.submit("ingest", ingest(films(1)), context.child(actor=Actor("ivanova", "reader")))
    stranger, senior = (context.child(actor=Actor("petrov", role)) for role in ("reader", "senior"))
    assert run(JobsRequest(), stranger).total == 0
    for action in ("show", "cancel", "resume"):
        with pytest.raises(NotFound):
            run(JobsRequest(action=action, job=mine.id), stranger)
    assert [job.owner for job in run(JobsRequest(), senior).jobs] == ["ivanova"]
    assert run(JobsRequest(action="cancel", job=mine.id), senior).jobs[0].state == "cancelled"


def test_what_is_no_job_is_refused(context: Context, films: Films) -> None:
    with pytest.raises(UnknownName):
        context.get(Runner).submit("serve", ingest(films(1)), context)


def test_the_list_is_paged_and_filtered(context: Context, films: Films) -> None:
    idle, folder = context.get(Runner), films(1)
    puts = [idle.submit("ingest", ingest(folder), context).id for _ in range(5)]
    run(JobsRequest(action="cancel", job=puts[0]), context)
    page = run(JobsRequest(limit=2, offset=1), context)
    assert (page.total, [job.id for job in page.jobs]) == (5, puts[::-1][1:3])
    assert [job.id for job in run(JobsRequest(states=("cancelled",)), context).jobs] == [puts[0]]
