"""The server as a process: it says where it listens, stops when told, and does not take another's place."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from prosvet.app.serve import ServeRequest, run
from prosvet.core.context import Context
from prosvet.core.errors import AddressTaken


def test_it_says_where_it_listens_answers_and_stops(own_home: Path) -> None:
    command = [sys.executable, "-m", "prosvet", "--home", str(own_home), "serve", "--port", "0", "--lang", "en"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    try:
        assert server.stderr is not None
        said = re.search(r"Serving (http://127\.0\.0\.1:\d+)\.", server.stderr.readline())
        assert said is not None
        with urllib.request.urlopen(said[1] + "/healthz", timeout=30) as answer:
            assert answer.status == 200
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    assert server.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM)


def test_an_address_in_use_is_told_of(context: Context) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(AddressTaken) as caught:
        run(ServeRequest(port=other.getsockname()[1]), context)
    assert "--port" in caught.value.hint("en")
