"""Processes that a test starts quickly, kills and waits for: one that has all modules loaded forks the others.

A script that says ``hatch(serve)`` for its argument ``nest`` is such a process; ``nest(script)`` starts it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Life", "Nest", "free_port", "hatch", "nest", "wait_for"]


def free_port() -> int:
    """A port of this computer that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int, seconds: float = 60.0) -> None:
    """Wait until somebody listens on `port`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nobody listens on {port}")


def _stat(pid: int) -> list[str]:
    """What the system says of a process after its name: state, parent, ...; nothing of one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


@dataclass
class Life:
    """A process that listens on `port`."""

    pid: int
    port: int

    def rss_mb(self) -> float:
        """Resident memory, MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu_seconds(self) -> float:
        """Processor time spent so far."""
        words = _stat(self.pid)
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def children(self) -> list[Life]:
        """The processes that it has started and that run."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                words = _stat(int(folder.name))
                if words and int(words[1]) == self.pid:
                    found.append(Life(int(folder.name), 0))
        return found

    def alive(self) -> bool:
        """Whether it runs."""
        words = _stat(self.pid)
        return bool(words) and words[0] != "Z"

    def end(self, number: signal.Signals, seconds: float = 120.0) -> None:
        """Send a signal and wait until the process has gone."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + seconds
        while Path(f"/proc/{self.pid}").exists():
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
                raise TimeoutError("the process did not end")
            time.sleep(0.005)


class Nest:
    """Where lives come from."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def life(self, home: Path, port: int) -> Life:
        """A new process over `home`; it listens when this returns."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the nest has no pipes")
        self._process.stdin.write(f"{home}\t{port}\n")
        self._process.stdin.flush()
        made = Life(int(self._process.stdout.readline()), port)
        wait_for(port, 120.0)
        return made


@contextmanager
def nest(script: str) -> Iterator[Nest]:
    """The nest of a script of tests."""
    command = [sys.executable, str(Path(script).resolve()), "nest"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Nest(process)
        finally:
            process.terminate()


def hatch(serve: Callable[[str, int], None]) -> None:
    """The nest's own loop: for each line of standard input a child that serves a home on a port."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        home, port = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve(home, int(port))
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
