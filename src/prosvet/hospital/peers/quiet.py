"""The libraries quote what they send and get: UIDs and names have no place in a log."""

from __future__ import annotations

import logging

__all__ = ["hush"]


def hush() -> None:
    """Keep them from it; what went wrong is told by our own errors."""
    for name in ("pynetdicom", "pydicom", "dicomweb_client", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
