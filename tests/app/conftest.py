"""Running the command line, in this process or as one of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from outcome import Cli, Outcome

from prosvet.app.cli import main


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """``cli("read", path, "--json")`` in this process."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return run


@pytest.fixture
def process() -> Cli:
    """The same as a process of its own; keywords are environment variables."""

    def run(*arguments: object, **environ: str) -> Outcome:
        command = [sys.executable, "-m", "prosvet", *(str(argument) for argument in arguments)]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", env=os.environ | environ, timeout=60, check=False
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run
