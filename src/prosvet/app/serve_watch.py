"""Tells the service manager that the web application is ready, and that it still answers."""

from __future__ import annotations

import http.client
from threading import Event, Thread
from urllib.parse import urlsplit

from prosvet.hospital.operations.service import keep_alive, notify

__all__ = ["watch"]

_PATIENCE = 10.0  # seconds


def watch(url: str) -> None:
    """Begin; the thread ends with the process."""

    def alive() -> bool:
        place = urlsplit(url)
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.hostname or "", place.hostname or "")
        connection = http.client.HTTPConnection(host, place.port or 80, timeout=_PATIENCE)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status < 500  # a wrong Host is refused, and was answered
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    notify("READY=1")
    Thread(target=keep_alive, args=(Event(), alive), name="watch", daemon=True).start()
