"""Jobs over HTTP: put in, watched, cancelled, resumed; streams end and leave nothing behind."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from PIL import Image
from starlette.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.app.http.routes.jobs import ingest
from prosvet.app.http.sse import job_events
from prosvet.app.jobs.runner import Runner
from prosvet.archive.api import IngestRequest
from prosvet.core.context import Context
from prosvet.core.errors import LoopbackOnly
from prosvet.core.settings import load_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "films"
    made.mkdir()
    for seed in range(6):
        noise = np.random.default_rng(seed).integers(0, 255, (96, 96)).astype(np.uint8)
        Image.fromarray(noise).save(made / f"{seed}.png")
    return made


def body(folder: Path) -> dict[str, object]:
    return {"paths": [str(folder)], "encode": False}


def test_a_folder_is_taken_in_by_a_job_that_can_be_watched(client: TestClient, folder: Path) -> None:
    put = client.post("/v1/ingest", json=body(folder))
    assert put.status_code == 202
    assert put.headers["location"] == f"/v1/jobs/{put.json()['id']}"
    events = []
    with client.stream("GET", f"{put.headers['location']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in stream.headers
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            events.append((name, value))
    assert ("event", "end") in events
    last = json.loads([value for name, value in events if name == "data"][-1])
    assert (last["state"], last["result"]["added"]) == ("done", 6)
    assert client.get(put.headers["location"]).json() == last
    listed = client.get("/v1/jobs", params={"state": ["done", "failed"]}).json()
    assert [job["id"] for job in listed["jobs"]] == [last["id"]]
    assert client.delete(put.headers["location"]).json()["error"]["code"] == "job_refused"
    assert client.post(f"{put.headers['location']}/resume").status_code == 409


def test_an_unknown_job_is_not_found_on_every_route(client: TestClient) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/resume"), ("GET", "/events")):
        answer = client.request(method, f"/v1/jobs/none{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_folders_are_not_taken_in_where_others_reach_the_server(app: FastAPI, folder: Path) -> None:
    app.state.accounts = True
    with pytest.raises(LoopbackOnly):
        ingest(IngestRequest(paths=(folder,)), Request({"type": "http", "app": app}), Response(), app.state.context)


def test_a_silent_stream_says_that_it_is_alive_and_lets_go_when_it_is_closed(context: Context, folder: Path) -> None:
    runner = context.get(Runner)
    job = runner.submit("ingest", IngestRequest(paths=(folder,)), context).id

    async def listen() -> list[str]:
        events = job_events(job, context, heartbeat=0.01)
        got = [await anext(events) for _ in range(3)]
        assert len(runner.hub) == 1
        await events.aclose()  # type: ignore[attr-defined]
        return got

    with ThreadPoolExecutor(1) as alone:  # this thread may hold a browser's event loop
        first, *beats = alone.submit(asyncio.run, listen()).result()
    assert first.startswith("event: progress\ndata: {")
    assert beats == [": still here\n\n"] * 2
    assert len(runner.hub) == 0


@pytest.fixture
def served(own_home: Path) -> Iterator[tuple[FastAPI, int]]:
    app = create_app(load_settings({}, home=own_home, threads=1))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield app, server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


def test_a_browser_that_goes_away_leaves_no_listener(
    served: tuple[FastAPI, int], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, port = served
    runner: Runner = app.state.context.get(Runner)
    runner.stop()  # a job that waits is one that says nothing
    job = runner.submit("ingest", IngestRequest(paths=(folder,)), app.state.context).id
    connections = []
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", f"/v1/jobs/{job}/events")
        connections.append((connection, connection.getresponse()))
        assert connections[-1][1].readline() == b"event: progress\n"
    assert len(runner.hub) == 20
    assert threading.active_count() < 20 + 45, "no thread is held for a listener"
    for connection, response in connections:
        response.close()
        connection.close()
    deadline = time.monotonic() + 5
    while len(runner.hub) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(runner.hub) == 0
