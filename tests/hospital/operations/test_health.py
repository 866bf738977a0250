"""Health says what does not work, and the service manager hears that the rest does."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from fastapi.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.core.context import Context
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.facts import Counts
from prosvet.hospital.operations.health_api import HealthRequest, HealthResult, Part, run
from prosvet.hospital.operations.service import keep_alive, node_alive, notify


def parts(result: HealthResult) -> dict[str, Part]:
    return {part.name: part for part in result.parts}


def test_an_archive_alone_is_well(context: Context) -> None:
    result = run(HealthRequest(), context)
    assert result.ok
    assert {name: part.state for name, part in parts(result).items()} == {
        "archive": "ok", "disk": "ok", "node": "note"
    }  # fmt: skip
    assert not run(HealthRequest(node=True), context).ok
    assert not (context.settings.home / "hospital").exists()


def test_a_running_node_and_what_waits_are_counted(context: Context, enter) -> None:
    enter("1.2.1", results=("waiting", "dead"), days=1)
    enter("1.2.2", state="ready", days=1)
    Counts().write(context.get(Ledger).folder, 2, running=True)
    result = run(HealthRequest(node=True), context)
    assert result.ok
    found = parts(result)
    assert found["node"].state == "ok"
    assert found["outbox"].state == "note"
    assert (found["outbox"].facts["waiting"], found["outbox"].facts["dead"]) == (1, 1)
    assert found["outbox"].facts["oldest_seconds"] > 80_000
    assert found["exams"].facts["past_deadline"] == 1


def test_a_full_disk_is_a_failure(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))  # type: ignore[attr-defined]
    context.settings.home.mkdir(parents=True, exist_ok=True)
    result = run(HealthRequest(), context)
    assert not result.ok
    assert parts(result)["disk"].state == "failed"


def test_the_routes_answer(context: Context) -> None:
    with TestClient(create_app(context.settings), base_url="http://127.0.0.1") as client:
        assert client.get("/v1/operations/health").json()["ok"] is True
        assert client.get("/v1/operations/health?node=true").status_code == 503
        assert client.get("/v1/operations/retention").json()["dry_run"] is True
        missing = client.get("/v1/operations/audit")
        assert missing.status_code in (200, 404)
        assert client.get("/v1/operations/audit?expect=x").status_code == 422


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        path = f"/tmp/prosvet-notify-{os.getpid()}"
        made.bind(path)
        made.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield made
        os.unlink(path)


def test_the_manager_is_told(manager: socket.socket) -> None:
    assert notify("READY=1")
    assert manager.recv(100) == b"READY=1"


def test_without_a_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    keep_alive(Event(), lambda: True)  # returns at once


def test_a_node_that_hangs_falls_silent(
    manager: socket.socket, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    stop, ledger = Event(), context.get(Ledger)
    Counts().write(ledger.folder, 0, running=True)
    thread = Thread(target=node_alive(context), args=(stop,))
    thread.start()
    try:
        assert manager.recv(100) == b"WATCHDOG=1"
        Counts().write(ledger.folder, 0, running=False)
        time.sleep(0.3)
        manager.setblocking(False)
        while True:  # what was sent before
            try:
                manager.recv(100)
            except BlockingIOError:
                break
        time.sleep(0.3)
        with pytest.raises(BlockingIOError):
            manager.recv(100)
    finally:
        stop.set()
        thread.join()
