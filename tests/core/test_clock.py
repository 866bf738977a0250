"""The site's clock: when a day begins, and what stands on pages and in counts by day."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert

from prosvet.app.web.words import filters
from prosvet.archive.schema import Patient, Study
from prosvet.archive.schema_monitor import Observation
from prosvet.archive.store import Store
from prosvet.core.clock import day_begins, local, today
from prosvet.core.context import Context
from prosvet.monitoring.figures import flow

EVENING = datetime(2026, 11, 22, 20, 30)  # UTC: the next morning in Vladivostok


@pytest.fixture
def vladivostok(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Vladivostok")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("vladivostok")
def test_a_day_begins_at_the_midnight_of_the_site() -> None:
    assert local(EVENING).isoformat() == "2026-11-23T06:30:00+10:00"
    assert local(EVENING.replace(tzinfo=UTC)) == local(EVENING)
    assert day_begins(date(2026, 11, 23)) == datetime(2026, 11, 22, 14)
    assert day_begins(today()) <= datetime.now(UTC).replace(tzinfo=None)


@pytest.mark.usefixtures("vladivostok")
def test_pages_and_counts_by_day_stand_on_the_same_clock(context: Context) -> None:
    assert filters("ru")["datetime"](EVENING) == "23.11.2026 06:30"
    store = context.get(Store)
    with store.write() as db:
        db.execute(insert(Patient).values(id="P1"))
        db.execute(insert(Study).values(id="S1", patient_id="P1", date_shifted=False, source="one", description=""))
        db.execute(insert(Observation).values(study_id="S1", site="local", at=EVENING, facts={"gate": "passed"}))
    with store.read() as db:
        days = flow(db, "local", days=2, until=datetime(2026, 11, 22, 23))
    assert [(one.day, one.studies) for one in days] == [("2026-11-22", 0), ("2026-11-23", 1)]
