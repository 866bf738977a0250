"""`prosvet jobs`: what a terminal shows of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from outcome import Cli

from prosvet.app.jobs.runner import Runner
from prosvet.archive.api import IngestRequest
from prosvet.core.context import Context


def test_jobs_are_listed_shown_and_cancelled(cli: Cli, context: Context, films: Callable[[int], Path]) -> None:
    job = context.get(Runner).submit("ingest", IngestRequest(paths=(films(1),)), context).id
    listed = cli("jobs", "list", "--state", "waiting", "--json").result
    assert [one["id"] for one in listed["jobs"]] == [job]
    shown = cli("jobs", "show", job)
    assert "Загрузка в архив" in shown.out
    assert "в очереди" in shown.out
    assert "queued (UTC)" in cli("jobs", "list", "--lang", "en").out
    assert cli("jobs", "cancel", job, "--json").result["state"] == "cancelled"
    refused = cli("jobs", "cancel", job)
    assert refused.status == 2
    assert "уже закончилось" in refused.err


def test_an_unknown_job_or_state_is_an_error(cli: Cli) -> None:
    assert cli("jobs", "show", "none").status == 3
    assert cli("jobs", "list", "--state", "asleep").status == 2
