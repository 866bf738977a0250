"""The time, as the tables of daily work keep it."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> datetime:
    """Now, UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
