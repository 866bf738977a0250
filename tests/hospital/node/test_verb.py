"""`prosvet node` from the shell: it listens, receives, and ends with the right status."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom.ae import ApplicationEntity

from forked import free_port, wait_for

_NODE = (sys.executable, "-m", "prosvet", "node", "--receive-only", "--lang", "en", "--json")


def _run(home: Path, words: Sequence[str]) -> tuple[int, dict[str, object]]:
    done = subprocess.run([*_NODE, "--home", str(home), *words], capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout)


def test_it_receives_and_ends_on_sigterm(tmp_path: Path, pydicom_data: Path) -> None:
    film, port = dcmread(pydicom_data / "SC_rgb.dcm"), free_port()
    command = [*_NODE, "--home", str(tmp_path / "home"), "--port", str(port), "--aet", "HERE"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(port)
            entity = ApplicationEntity("SENDER")
            entity.add_requested_context(film.SOPClassUID, film.file_meta.TransferSyntaxUID)
            association = entity.associate("127.0.0.1", port, ae_title="HERE")
            assert association.send_c_store(film).Status == 0
            association.release()
            os.kill(process.pid, signal.SIGTERM)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert json.loads(out)["result"]["received"] == 1
    assert f"HERE, 127.0.0.1:{port}" in err
    for identity in (str(film.PatientName), str(film.PatientID), film.SOPInstanceUID, film.StudyInstanceUID):
        assert not identity or identity not in out + err


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["--host", "0.0.0.0"], 2, "invalid_settings"),
        (["--host", "0.0.0.0", "--allow-unencrypted"], 2, "invalid_settings"),  # nobody is listed who may send
        (["--aet", "A" * 17], 2, "invalid_settings"),
        (["--forward", "nowhere"], 2, "invalid_settings"),
    ],
)
def test_what_would_open_too_much_or_makes_no_sense_is_refused(
    tmp_path: Path, words: list[str], status: int, code: str
) -> None:
    found, told = _run(tmp_path / "home", words)
    assert (found, told["error"]["code"]) == (status, code)  # type: ignore[index]


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        found, told = _run(tmp_path / "home", ["--port", str(other.getsockname()[1])])
    assert (found, told["error"]["code"]) == (4, "address_taken")  # type: ignore[index]
