"""What talking to a model's server needs, whatever the protocol: where it may be, its key, waits that can stop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Generic, Self, TypeVar
from urllib.parse import urlsplit

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import VlmError, VlmRefused, VlmTimeout
from prosvet.core.network import is_loopback
from prosvet.models.vlm.card import REMOTE_ADDRESS, Server, VlmCard
from prosvet.models.vlm.types import FORMS, Cancelled, Form

__all__ = ["Outgoing", "ServerReader", "Watched", "is_local", "key_of", "wait"]

_TICK = 0.05
T = TypeVar("T")


def is_local(url: str) -> bool:
    """Whether an address is this machine's own.

    Examples
    --------
    >>> is_local("http://127.0.0.1:8000/v1"), is_local("https://models.example.org/v1")
    (True, False)
    """
    return is_loopback(urlsplit(url).hostname or "")


def key_of(name: str, server: Server) -> str | None:
    """The key, from its file or variable; None where the card names neither.

    Raises
    ------
    VlmError
        When it is named and not there.
    """
    if server.key_file:
        path = Path(server.key_file).expanduser()
        key = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    elif server.key_env:
        key = os.environ.get(server.key_env, "").strip()
    else:
        return None
    if not key:
        raise VlmError(name=name, reason="no_key", place=server.key_file or server.key_env)
    return key


class Outgoing:
    """The door outwards of one model: shut to other machines without the card's word, and kept in the audit log.

    Raises
    ------
    VlmRefused
        When the address is another machine and the card lacks the word for it.
    """

    def __init__(self, card: VlmCard, server: Server, context: Context) -> None:
        self._host = urlsplit(server.url).hostname or ""
        self._local, self._name, self._log = is_local(server.url), card.name, AuditLog.from_context(context)
        if not self._local and server.remote != REMOTE_ADDRESS:
            raise VlmRefused(name=card.name, reason="remote_address_word", address=self._host, word=REMOTE_ADDRESS)
        if not self._local:
            self._log.write("vlm_remote_address", model=card.name, revision=card.revision, address=self._host)

    def sends(self, pictures: int) -> None:
        """Called before anything leaves; each question to another machine is a line."""
        if not self._local:
            self._log.write("vlm_pictures_sent", model=self._name, address=self._host, pictures=pictures)


def wait(seconds: float, deadline: float, cancelled: Cancelled | None) -> None:
    """Sleep, but not past the deadline, and no longer than until it is cancelled."""
    until = min(time.monotonic() + seconds, deadline)
    while (left := until - time.monotonic()) > 0 and not (cancelled is not None and cancelled()):
        time.sleep(min(_TICK, left))


class ServerReader:
    """What every reader on a server is: a card, where the server is, its key, and the door outwards."""

    def __init__(self, card: VlmCard, server: Server, key: str | None, outgoing: Outgoing) -> None:
        self._card, self._server, self._key, self._outgoing = card, server, key, outgoing

    @classmethod
    def open(cls, card: VlmCard, context: Context, *, remote_code: bool = False) -> Self:
        """Check where the server is and find its key; it is first called with the first question.

        Raises
        ------
        VlmError, VlmRefused
        """
        if card.server is None:  # the card's own check has seen to it
            raise VlmError(name=card.name, reason="generation", problem="no [server]")
        return cls(card, card.server, key_of(card.name, card.server), Outgoing(card, card.server, context))

    @property
    def name(self) -> str:
        """Of its card."""
        return self._card.name

    @property
    def revision(self) -> str:
        """As pinned in its card."""
        return self._card.revision

    @property
    def forms(self) -> frozenset[Form]:
        """All: what the server cannot hold is asked for in words and checked."""
        return FORMS

    def close(self) -> None:
        """Nothing is held between questions."""


class Watched(Generic[T]):
    """Work on a thread of its own whose parts are taken here, so that time and a cancel count while it waits.

    Parameters
    ----------
    work : callable
        Yields the parts; given an event that is set when nobody wants more.
    hang_up : callable
        Makes a blocked read of `work` return at once.
    """

    def __init__(self, work: Callable[[Event], Iterator[T]], hang_up: Callable[[], None]) -> None:
        self._work, self._hang_up, self._gone = work, hang_up, Event()
        self._parts: Queue[T | Exception | None] = Queue()
        self.cancelled = False

    def parts(self, name: str, timeout: float, deadline: float, cancelled: Cancelled | None) -> Iterator[T]:
        """The parts as they come; ends early, with ``cancelled`` true, when the caller says so.

        Raises
        ------
        VlmTimeout
            When the deadline passes.
        """
        thread = Thread(target=self._run, name=f"answer of {name}", daemon=True)
        thread.start()
        try:
            while True:
                if cancelled is not None and cancelled():
                    self.cancelled = True
                    return
                try:
                    part = self._parts.get(timeout=_TICK)
                except Empty:
                    if time.monotonic() > deadline:
                        raise VlmTimeout(name=name, seconds=timeout) from None
                    continue
                if part is None:
                    return
                if isinstance(part, Exception):
                    raise part
                if time.monotonic() > deadline:
                    raise VlmTimeout(name=name, seconds=timeout)
                yield part
        finally:
            self._gone.set()
            self._hang_up()
            thread.join(timeout=5.0)

    def _run(self) -> None:
        try:
            for part in self._work(self._gone):
                self._parts.put(part)
                if self._gone.is_set():
                    return
            self._parts.put(None)
        except Exception as error:  # a thread's own boundary: whatever it was is raised where the answer is waited for
            self._parts.put(error)
