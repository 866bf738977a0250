"""The server as a process: it says where it listens, stops when told, and does not take another's place."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from prosvet.app.serve import ServeRequest, run
from prosvet.core.context import Context
from prosvet.core.errors import AddressTaken


@contextmanager
def _served(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server over `home` and its address."""
    command = [sys.executable, "-m", "prosvet", "--home", str(home), "serve", "--port", "0", "--lang", "en", *options]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    try:
        assert server.stderr is not None
        said = re.search(r"Serving (http://127\.0\.0\.1:\d+)\.", server.stderr.readline())
        assert said is not None
        yield server, said[1]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def test_it_says_where_it_listens_answers_and_stops(own_home: Path) -> None:
    with _served(own_home) as (server, url), urllib.request.urlopen(url + "/healthz", timeout=30) as answer:
        assert answer.status == 200
    assert server.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM)


def test_several_processes_answer_as_one(own_home: Path) -> None:
    with _served(own_home, "--workers", "2") as (server, url):
        with httpx.Client(base_url=url, timeout=60) as browser:
            brought = browser.post("/search/ask", data={"report": "Выпот справа.", "csrf": _csrf(browser)})
        assert brought.status_code == 303
        # Each on a connection of its own: some are answered by the process that has not seen the report.
        said = [httpx.get(url + brought.headers["location"], timeout=60).status_code for _ in range(12)]
        assert said == [200] * 12
        assert len(_children(server.pid)) >= 3  # two that answer, one that holds what was brought
    assert server.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM)


def test_a_server_that_is_killed_leaves_no_process_behind(own_home: Path) -> None:
    with _served(own_home, "--workers", "2") as (server, url):
        httpx.get(url + "/healthz", timeout=60)
        children = _children(server.pid)
        server.kill()
        for _ in range(300):
            if not any(_runs(child) for child in children):
                break
            time.sleep(0.1)
        assert not [child for child in children if _runs(child)]


def _csrf(browser: httpx.Client) -> str:
    found = re.search(r'name="csrf" content="([^"]+)"', browser.get("/search").text)
    assert found is not None
    return found[1]


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_address_in_use_is_told_of(context: Context) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(AddressTaken) as caught:
        run(ServeRequest(port=other.getsockname()[1]), context)
    assert "--port" in caught.value.hint("en")
