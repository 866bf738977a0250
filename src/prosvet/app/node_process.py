"""The node in a process of its own beside the web application (`prosvet serve --hospital`).

A process and not a thread: reading a film holds the interpreter for seconds that a page would have to wait for; the
web application may have several processes, the node has one; and neither ends when the other does. It ends with its
parent, also when that was killed, and is started again when it ended by itself.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from threading import Event, Thread, current_thread, main_thread
from typing import Any

from prosvet.app.node import NodeRequest, configured, receive
from prosvet.app.parent import end_with_parent
from prosvet.core import errors, logs
from prosvet.core.context import Context
from prosvet.core.errors import InternalError, ProsvetError
from prosvet.core.settings import Settings
from prosvet.hospital.config import HospitalConfig

__all__ = ["node_beside"]

log = logging.getLogger(__name__)

_START = 120.0  # seconds for the node to listen
_END = 90.0  # seconds for objects in flight and exams begun
_FIRST, _LONGEST = 2.0, 60.0  # seconds before it is started again


@dataclass(frozen=True)
class _Told:
    """What the node says when it listens, or why it does not."""

    error: str = ""
    details: dict[str, Any] | None = None


@contextmanager
def node_beside(context: Context, wanted: bool) -> Iterator[None]:
    """Run the node of `context`'s home while the block lasts, where `wanted`.

    Raises
    ------
    InvalidSettings, AddressTaken, AlreadyRunning, MissingExtra
        When it cannot be started; nothing runs then.
    """
    if not wanted:
        yield
        return
    configured(NodeRequest(), context)  # a wrong hospital.toml is told here, before anything is started
    first = _started(context.settings)
    over = Event()
    guard = Thread(target=_guard, args=(first, context.settings, over), name="node-guard")
    guard.start()
    try:
        with _ended_by_sigterm():
            yield
    finally:
        over.set()
        guard.join()


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block in good order: the server, when it has stopped, sends itself the signal once more."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(*_: object) -> None:
    raise SystemExit(0)


def _started(settings: Settings) -> SpawnProcess:
    """A node's process that listens."""
    spawn = get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_node, args=(settings, logs.current(), there), name="node")
    process.start()
    there.close()
    told = _heard(here)
    if told.error:
        process.join(_END)
        made = getattr(errors, told.error, InternalError)
        raise made(**(told.details or {}))
    return process


def _heard(pipe: Connection) -> _Told:
    try:
        if pipe.poll(_START):
            told: _Told = pipe.recv()
            return told
    except EOFError:  # it ended without a word
        pass
    return _Told("InternalError")


def _guard(process: SpawnProcess, settings: Settings, over: Event) -> None:
    """Start the node again when it has ended by itself; end it when we do."""
    pause = _FIRST
    while not over.is_set():
        begun = time.monotonic()
        while not over.wait(0.5) and process.is_alive():
            pass
        if over.is_set():
            break
        pause = _FIRST if time.monotonic() - begun > _LONGEST else min(_LONGEST, pause * 2)
        log.error("the node has ended with status %s; it is started again in %.0f s", process.exitcode, pause)
        if over.wait(pause):
            break
        try:
            process = _started(settings)
        except ProsvetError as error:
            log.error("the node cannot be started: %s", error.code)
    process.terminate()
    process.join(_END)
    if process.is_alive():
        process.kill()
        process.join()


def _node(settings: Settings, log_format: logs.LogFormat, pipe: Connection) -> None:
    """The process itself."""
    logs.set_up(logging.WARNING, log_format)
    os.environ.pop("NOTIFY_SOCKET", None)  # the service manager hears from the process that it has started
    end_with_parent()

    def opened(*_: HospitalConfig | str | int) -> None:
        pipe.send(_Told())

    with Context(settings) as context:
        try:
            receive(NodeRequest(), context, opened)
        except ProsvetError as error:
            log.error("the node ended: %s", error.code)
            pipe.send(_Told(type(error).__name__, dict(error.details)))
