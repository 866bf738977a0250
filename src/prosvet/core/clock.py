"""The site's clock. Moments are kept in UTC without a zone; people read them, and days begin, in the machine's zone.

That zone is the system's own (``/etc/localtime``, or the variable ``TZ``), so that the pages, the counts by day, SQLite
and the journal of the system agree.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

__all__ = ["day_begins", "local", "today"]


def local(moment: datetime) -> datetime:
    """`moment` (UTC where it has no zone) on the site's clock, with its zone."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone()


def today() -> date:
    """The day at the site."""
    return local(datetime.now(UTC)).date()


def day_begins(day: date) -> datetime:
    """When `day` begins at the site: UTC without a zone, to compare with what is kept."""
    return datetime(day.year, day.month, day.day).astimezone(UTC).replace(tzinfo=None)
