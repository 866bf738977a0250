"""`prosvet serve --hospital`: the site and the node start and stop together; a dead parent leaves no node behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flow_support import gone
from forked import free_port, wait_for


@contextmanager
def served(home: Path, dicom: int, web: int) -> Iterator[subprocess.Popen[str]]:
    """The command itself."""
    pytest.importorskip("pynetdicom", reason="pynetdicom is not installed")
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    home.mkdir(parents=True, exist_ok=True)
    (home / "hospital.toml").write_text(f"[node]\nport = {dicom}\n")
    command = [sys.executable, "-m", "prosvet", "--home", str(home), "serve", "--port", str(web), "--hospital"]
    one = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield one
    finally:
        if one.poll() is None:
            one.terminate()
        one.wait(timeout=120)


def listens(port: int) -> bool:
    """Whether somebody is there."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_site_and_node_start_and_stop_together(own_home: Path) -> None:
    dicom, web = free_port(), free_port()
    with served(own_home, dicom, web) as process:
        wait_for(web, 120)
        assert listens(dicom)  # the site opens when the node has
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) in (0, -signal.SIGTERM)
    assert not listens(dicom)
    assert not listens(web)


@pytest.mark.timeout(400)
def test_a_killed_parent_leaves_no_node(own_home: Path) -> None:
    dicom, web = free_port(), free_port()
    with served(own_home, dicom, web) as process:
        wait_for(web, 120)
        assert listens(dicom)
        os.kill(process.pid, signal.SIGKILL)
        assert gone(dicom, 180)  # it ends in good order: workers that have just begun come up first


def test_a_wrong_configuration_is_told_before_anything_starts(own_home: Path) -> None:
    with served(own_home, 0, free_port()) as process:
        (own_home / "hospital.toml").write_text("[nodes]\n")
        assert process.wait(timeout=120) != 0
        assert process.stderr is not None
        assert "hospital.toml" in process.stderr.read()
