"""The ledger's time."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> datetime:
    """The time as the ledger keeps it: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
