"""Processes that the server starts end with it, also when it was killed and could not tell them."""

from __future__ import annotations

import os
import signal
from multiprocessing import parent_process
from threading import Thread

__all__ = ["end_with_parent"]


def end_with_parent() -> None:
    """From now on the end of the process that started this one is a SIGTERM to this one."""
    parent = parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=follow, name="follow", daemon=True).start()
