"""The site's clock. Moments are kept in UTC without a zone; people read them, and days begin, in the machine's zone.

That zone is the system's own (``/etc/localtime``, or the variable ``TZ``), so that the pages, the counts by day, SQLite
and the journal of the system agree.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

__all__ = ["day_begins", "local", "now", "today"]

_FINEST = {"second": 1_000_000, "millisecond": 1000, "microsecond": 1}


def now(to: Literal["second", "millisecond", "microsecond"] = "microsecond") -> datetime:
    """The time as it is kept: UTC without a zone, cut to a unit.

    Examples
    --------
    >>> now().tzinfo is None, now("second").microsecond
    (True, 0)
    """
    moment, unit = datetime.now(UTC).replace(tzinfo=None), _FINEST[to]
    return moment.replace(microsecond=moment.microsecond // unit * unit)


def local(moment: datetime) -> datetime:
    """`moment` (UTC where it has no zone) on the site's clock, with its zone."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone()


def today() -> date:
    """The day at the site."""
    return local(datetime.now(UTC)).date()


def day_begins(day: date) -> datetime:
    """When `day` begins at the site: UTC without a zone, to compare with what is kept."""
    return datetime(day.year, day.month, day.day).astimezone(UTC).replace(tzinfo=None)
