"""The word to the service manager (``sd_notify``): ready, still alive. Without one nothing happens."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from threading import Event

from prosvet.core.context import Context
from prosvet.hospital.node.facts import facts

__all__ = ["keep_alive", "node_alive", "notify"]


def notify(state: str) -> bool:
    """Tell the manager `state`, ``READY=1`` for example; returns whether there is one to tell.

    See ``sd_notify(3)``: a datagram to the socket that ``NOTIFY_SOCKET`` names; one that begins with ``@`` is abstract.
    """
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name.startswith(("/", "@")):
        return False
    address = "\0" + name[1:] if name.startswith("@") else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
            wire.connect(address)
            wire.sendall(state.encode())
    except OSError:  # the manager has gone, and the work must not stop for it
        return False
    return True


def keep_alive(stop: Event, alive: Callable[[], bool]) -> None:
    """Tell the manager again and again, until `stop`, that the work goes on: only while `alive` says so.

    Twice in the time that ``WATCHDOG_USEC`` allows; a process that stays silent is started anew by the manager.
    """
    allowed = os.environ.get("WATCHDOG_USEC", "")
    if not allowed.isdigit() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while not stop.wait(int(allowed) / 2e6):
        if alive():
            notify("WATCHDOG=1")


def node_alive(context: Context) -> Callable[[Event], None]:
    """What works beside the node and tells the manager that the node's watch runs.

    The watch writes the node's facts every few seconds; one that hangs writes none.
    """

    def alive() -> bool:
        found = facts(context)
        return found is not None and found.running

    return lambda stop: keep_alive(stop, alive)
