"""Starts Flower's processes for a federation and ends them again, each by its own number.

Flower pins versions of packages that Prosvet needs newer, so it lives in an environment of its own, with Prosvet
installed there without its dependencies (``docs/guide/federate.md``). It is named by ``PROSVET_FLOWER``, the path of
its Python. Its telemetry, its check for updates and its installing of packages at run time are switched off.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prosvet.core.errors import AddressTaken, FederationError
from prosvet.training.federated.federation import Federation, Round

__all__ = ["Tls", "flower_python", "join", "serve"]

_APP = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "prosvet-federated"
version = "1.0.0"
description = "Rounds of a federation of Prosvet"
license = "Apache-2.0"
dependencies = []

[tool.hatch.build.targets.wheel]
packages = ["."]

[tool.flwr.app]
publisher = "prosvet"

[tool.flwr.app.components]
serverapp = "prosvet.training.federated.flower_app:server_app"
clientapp = "prosvet.training.federated.flower_app:{client}"

[tool.flwr.app.config]
federation = ""
rounds = 1
secure = false
"""


@dataclass(frozen=True)
class Tls:
    """PEM files: of the server its certificate and key, and on both sides the authority that signed it."""

    authority: Path
    certificate: Path | None = None
    key: Path | None = None


def flower_python() -> Path:
    """The Python of Flower's environment.

    Raises
    ------
    FederationError
        ``no_flower``.
    """
    named = Path(os.environ.get("PROSVET_FLOWER") or sys.executable)
    if not (named.parent / "flower-superlink").is_file():
        raise FederationError(reason="no_flower", python=str(named))
    return named


def serve(
    federation: Federation, rounds: int, *, secure: bool = False, host: str = "127.0.0.1", port: int = 9092,
    tls: Tls | None = None, limit: float = 3600.0,
) -> tuple[Round, ...]:  # fmt: skip
    """Run `rounds` rounds with every site of the plan, and merge them into the book.

    Parameters
    ----------
    secure : bool
        SecAgg+ (Bell et al. 2020): the coordinator sees the sum over sites alone. Three sites at least.
    tls : Tls or None
        None is for this computer alone: another address is refused.
    limit : float
        Seconds after which everything is ended.

    Raises
    ------
    AddressTaken
    FederationError
        ``no_flower``, ``tls_needed``, ``three_sites``, ``flower_failed``, ``flower_late``.
    """
    python = flower_python()
    _check(host, port, tls)
    if secure and len(federation.plan.sites) < 3:
        raise FederationError(reason="three_sites")
    before, until = len(federation.rounds()), time.monotonic() + limit
    with tempfile.TemporaryDirectory(prefix="prosvet-flower-") as name:
        folder = Path(name)
        environment = _environment(folder) | {"PROSVET_FEDERATION_HOME": str(federation.folder.parent.parent.resolve())}
        link = [
            str(python.parent / "flower-superlink"), "--host", host, "--port", str(port),
            "--disable-runtime-dependency-installation", *_server_tls(tls),
        ]  # fmt: skip
        with _process(link, environment, folder / "link.log") as running:
            _wait_open(running, host, port, min(until, time.monotonic() + 60), folder / "link.log")
            _start(python, folder, environment, federation, rounds, secure, f"{host}:{port}", tls)
            while len(federation.rounds()) < before + rounds:
                _still(running, folder / "link.log", until)
        return federation.rounds()[before:]


def join(
    films: Path, site: str, superlink: str, *, tls: Tls | None = None, port: int = 9094, patience: float = 60.0,
    limit: float = 3600.0,
) -> None:  # fmt: skip
    """Answer a coordinator's rounds for one site.

    It ends when the coordinator has not been reached for `patience` seconds, or after `limit` seconds.

    Raises
    ------
    FederationError
    """
    python = flower_python()
    host, _, number = superlink.rpartition(":")
    if tls is None and host not in {"127.0.0.1", "localhost"}:
        raise FederationError(reason="tls_needed", host=host)
    if not host or not number.isdecimal() or any(mark in f"{films}{site}" for mark in "\"'\\"):
        raise FederationError(reason="address", address=superlink)
    with tempfile.TemporaryDirectory(prefix="prosvet-flower-") as name:
        folder = Path(name)
        node = [
            str(python.parent / "flower-supernode"), "--superlink", superlink, "--port", str(port),
            "--max-wait-time", str(patience), "--node-config", f'films="{films.resolve()}" site="{site}"',
            *(("--root-certificates", str(tls.authority)) if tls else ("--insecure",)),
        ]  # fmt: skip
        with _process(node, _environment(folder), folder / "node.log") as running:
            try:
                running.wait(timeout=limit)
            except subprocess.TimeoutExpired:
                return


# -- processes -------------------------------------------------------------------------------------------------------


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLWR_", "PYTHONPATH"))}
    return kept | {
        "FLWR_HOME": str(folder / "flwr"), "FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1",
        "OMP_NUM_THREADS": kept.get("OMP_NUM_THREADS", "1"), "PYTHONUNBUFFERED": "1",
        "PATH": f"{flower_python().parent}{os.pathsep}{kept.get('PATH', '')}", "UV_OFFLINE": "1",
    }  # fmt: skip


@contextmanager
def _process(command: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own; the whole group is ended with the block, also after a failure.

    Being told to end (SIGTERM) leaves the block too, so that no client goes on answering when its verb was stopped.
    """
    with log.open("wb") as stream:
        running = subprocess.Popen(
            command, env=environment, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    listens = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM)) if listens else None
    try:
        yield running
    finally:
        _end(running)
        if listens:
            signal.signal(signal.SIGTERM, before)


def _end(running: subprocess.Popen[bytes]) -> None:
    for sign, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(running.pid, sign)
        except ProcessLookupError:
            return
        try:
            running.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            continue


def _wait_open(running: subprocess.Popen[bytes], host: str, port: int, until: float, log: Path) -> None:
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
            return
        except OSError:
            _still(running, log, until)


def _still(running: subprocess.Popen[bytes], log: Path, until: float) -> None:
    """Wait a little; refuse when the process has ended, a round has failed, or the time is over."""
    said = log.read_text(errors="replace")
    if running.poll() is not None or "exit code: " in said.lower() or "RuntimeError" in said:
        raise FederationError(reason="flower_failed", said=_tail(said))
    if time.monotonic() > until:
        raise FederationError(reason="flower_late", said=_tail(said))
    time.sleep(0.3)


def _tail(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return " | ".join(lines[-6:])[-900:]


def _start(
    python: Path, folder: Path, environment: dict[str, str], federation: Federation, rounds: int, secure: bool,
    address: str, tls: Tls | None,
) -> None:  # fmt: skip
    """Hand the two ends to the running server."""
    app = folder / "app"
    app.mkdir()
    client = "secure_client_app" if secure else "client_app"
    (app / "pyproject.toml").write_text(_APP.format(client=client), encoding="utf-8")
    (app / "README.md").write_text("No code: both ends are in the installed package.\n", encoding="utf-8")
    (folder / "flwr").mkdir(exist_ok=True)
    trust = f'root-certificates = "{tls.authority.resolve()}"' if tls else "insecure = true"
    (folder / "flwr" / "config.toml").write_text(
        f'[superlink]\ndefault = "here"\n\n[superlink.here]\naddress = "{address}"\n{trust}\n', encoding="utf-8"
    )
    config = f'federation="{federation.plan.name}" rounds={rounds} secure={"true" if secure else "false"}'
    done = subprocess.run(
        [str(python.parent / "flwr"), "run", str(app), "here", "--run-config", config],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if done.returncode:
        raise FederationError(reason="flower_failed", said=_tail(done.stdout + done.stderr))


def _check(host: str, port: int, tls: Tls | None) -> None:
    if tls is None and host not in {"127.0.0.1", "localhost"}:
        raise FederationError(reason="tls_needed", host=host)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressTaken(host=host, port=port, reason=error.strerror or str(error)) from None


def _server_tls(tls: Tls | None) -> tuple[str, ...]:
    if tls is None:
        return ("--insecure",)
    if tls.certificate is None or tls.key is None:
        raise FederationError(reason="tls_files")
    return (
        "--ssl-ca-certfile", str(tls.authority), "--ssl-certfile", str(tls.certificate), "--ssl-keyfile", str(tls.key)
    )  # fmt: skip
